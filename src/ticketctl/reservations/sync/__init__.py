"""Reservations for threads."""
