"""The stack: from services to a Compose file, and from that to healthy containers."""
