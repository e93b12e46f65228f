"""Take secrets out of what containers print."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MASK = "***"
# A shorter value stands in too many innocent places; generated passwords are far longer.
_SHORTEST = 6


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that replaces every secret in a text.

    Args:
        secrets: The secret values.
    """
    values = sorted({value for value in secrets if len(value) >= _SHORTEST}, key=len, reverse=True)
    if not values:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, values)))
    return lambda text: pattern.sub(MASK, text)
