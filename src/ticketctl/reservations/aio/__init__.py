"""Reservations for asyncio."""
