"""What a database records of its migrations."""
