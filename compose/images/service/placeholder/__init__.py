"""A service that does nothing but tell whether its dependencies let it log in."""
