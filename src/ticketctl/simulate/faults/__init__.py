"""What breaks during a sale, and how it is mended."""
