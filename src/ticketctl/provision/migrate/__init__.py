"""Schema migrations for MySQL."""
