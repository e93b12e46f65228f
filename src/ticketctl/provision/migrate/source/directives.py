"""Directives: what the leading comments of a migration say to the tool that runs it.

`-- depends:` and `-- transactional:` are yoyo's. `-- ticketctl:` is ours, and a comment to yoyo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

ALLOW_LATE = "allow-late"
ALLOW_COPY = "allow-copy"
OPTIONS = (ALLOW_LATE, ALLOW_COPY)

_BLANK = r"[^\S\n]*"
_LEADING_COMMENTS = re.compile(rf"(?:{_BLANK}(?:--.*)?\n)*(?:{_BLANK}--.*\Z)?")
_DIRECTIVE = re.compile(rf"{_BLANK}--{_BLANK}(depends|transactional|ticketctl){_BLANK}:(.*)")


class DirectiveError(ValueError):
    """A directive cannot be followed.

    Attributes:
        line: Its line, counted from 1.
        what: What is wrong with it.
        why: The reason.
        next_step: What to do.
    """

    def __init__(self, line: int, what: str, *, why: str, next_step: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what
        self.why = why
        self.next_step = next_step


@dataclass(frozen=True, slots=True)
class Directives:
    """What a file's directives say.

    Attributes:
        depends: Names of the migrations that must come before it.
        allows_late: Whether it may run although a later one is applied already.
        allows_copy: Whether its statements may copy a table of any size.
    """

    depends: tuple[str, ...] = ()
    allows_late: bool = False
    allows_copy: bool = False


NO_DIRECTIVES = Directives()


def may_have_directives(content: bytes) -> bool:
    """Whether the bytes of a file have words that make its text worth reading.

    Args:
        content: The file's bytes.
    """
    return b"depends" in content or b"ticketctl" in content or b"transactional" in content


def parse_directives(text: str) -> Directives:
    """Return what the leading comments of a migration say.

    Args:
        text: The file's text.

    Raises:
        DirectiveError: One asks for what cannot be had, or is not known.
    """
    depends: dict[str, None] = {}
    options: set[str] = set()
    for line, word, value in _lines(text):
        if word == "depends":
            depends.update(dict.fromkeys(value.split()))
        elif word == "ticketctl":
            options |= _options(line, value)
        elif value.strip().lower() != "false":
            raise DirectiveError(
                line,
                f"`transactional: {value.strip()}` cannot be had",
                why="MySQL commits each DDL statement by itself",
                next_step="remove the line, or write `-- transactional: false`",
            )
    return Directives(tuple(depends), ALLOW_LATE in options, ALLOW_COPY in options)


def line_of_dependency(text: str, name: str) -> int:
    """Return the line in which a migration says that it depends on another, 0 for none.

    Args:
        text: The file's text.
        name: Name of the other.
    """
    return next((line for line, word, value in _lines(text) if word == "depends" and name in value.split()), 0)


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    header = _LEADING_COMMENTS.match(text)
    if header is not None:
        for number, line in enumerate(header.group().split("\n"), start=1):
            found = _DIRECTIVE.match(line)
            if found is not None:
                yield number, found.group(1), found.group(2)


def _options(line: int, value: str) -> set[str]:
    options = set(value.replace(",", " ").split())
    unknown = sorted(options - set(OPTIONS))
    if options and not unknown:
        return options
    from difflib import get_close_matches

    close = get_close_matches(unknown[0], OPTIONS, n=1) if unknown else []
    raise DirectiveError(
        line,
        f"`ticketctl: {unknown[0]}` is not known" if unknown else "`ticketctl:` without an option",
        why=f"did you mean {close[0]!r}?" if close else f"the options are {' and '.join(OPTIONS)}",
        next_step="correct the line or remove it; several options are separated by commas or spaces",
    )
