"""Doing it: the lock, the connections, statement by statement."""
