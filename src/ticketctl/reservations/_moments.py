"""Moments as the database tells them: whole microseconds since 1970, UTC, whatever time zone a session is in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # as DATETIME columns keep it: UTC without saying so
NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"
"""SQL of the present moment. Not `NOW()`, which follows the session's time zone."""


def as_number(column: str) -> str:
    """Return SQL that reads a DATETIME(6) column as a moment; drivers differ in what they make of the column itself."""
    return f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {column})"


def as_kept(column: str) -> str:
    """Return SQL that reads a TIMESTAMP column as a moment: as it is kept, not by way of the session's time zone."""
    return f"CAST(UNIX_TIMESTAMP({column}) * 1000000 AS SIGNED)"


def as_text(moment: int) -> str:
    """Return a moment as DATETIME(6) columns take it."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat(" ", timespec="microseconds")


def as_datetime(moment: int) -> datetime:
    """Return a moment for people and programs: aware, UTC."""
    return (_EPOCH + timedelta(microseconds=moment)).replace(tzinfo=UTC)


def microseconds(seconds: float) -> int:
    """Return whole microseconds."""
    return round(seconds * 1_000_000)
