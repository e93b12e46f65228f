"""What the user can set, and how it is loaded."""
