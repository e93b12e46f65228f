"""Rows of text, aligned: the same on a terminal, in a pipe and in a log."""

from __future__ import annotations

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return one line a row, every column but the last as wide as its widest cell.

    Args:
        rows: Rows of equally many cells.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
