"""The migration files of a project."""
