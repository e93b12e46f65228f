"""Health checks of the backends, from outside."""
