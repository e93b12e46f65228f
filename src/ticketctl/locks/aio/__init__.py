"""Locks for asyncio."""
