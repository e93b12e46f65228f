"""Events with all their seats, made up: for trying things out, for demonstrations, and for measuring."""
