"""`compose/.env`: what is derived or secret in one checkout. Read by Compose as well, so both must agree on it."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import EnvFileError
from ticketctl.provision.stack.definition.generated import replace_file
from ticketctl.provision.stack.variables import ENV_VERSION, VERSION_VARIABLE, EnvSection
from ticketctl.settings.secret import Secret

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'\s*(?:#.*)?")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=~^-]*")
_GENERATED = re.compile(r"# generated from .* content sha256:")
# In double quotes; a backslash before anything else is a backslash.
_ESCAPE = re.compile(r'\\([abfnrtv$"\\])')
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_OCTAL = re.compile(r"(?:[^\\]|^)(?:\\\\)*\\0")
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, repr=False)
class EnvFile:
    """The file's lines, those of the user included, and what they say.

    Attributes:
        path: Where it stands.
        lines: Its lines, as they are.
        values: Variable to value.
        too_open: Others than its owner may read the file on disk.
    """

    path: Path
    lines: tuple[str, ...]
    values: Mapping[str, str]
    too_open: bool = False

    def __repr__(self) -> str:
        return f"EnvFile({str(self.path)!r}, {len(self.values)} variables)"

    @property
    def text(self) -> str:
        """The whole file."""
        return "\n".join(self.lines) + "\n"

    def require(self, variable: str) -> str:
        """Return a variable's value.

        Raises:
            EnvFileError: It has none.
        """
        value = self.values.get(variable, "")
        if not value:
            raise EnvFileError(
                f"{self.path} has no {variable}", next_step="run `ticketctl up`, which adds what is missing"
            )
        return value

    def secret(self, variable: str) -> Secret:
        """Return a password.

        Raises:
            EnvFileError: There is none.
        """
        return Secret(self.require(variable))

    def port(self, variable: str) -> int:
        """Return a port.

        Raises:
            EnvFileError: There is none, or it is no port.
        """
        value = self.require(variable)
        if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
            raise EnvFileError(f"{self.path}: {variable} is not a port", next_step="correct or remove the line")
        return int(value)

    def with_values(self, changes: Mapping[str, str], sections: Sequence[EnvSection] = ()) -> EnvFile:
        """Return the file with some variables set; every other line stays.

        Args:
            changes: Variable to new value.
            sections: The layout: a new variable is put where it belongs.
        """
        lines = [line for line in self.lines if not _GENERATED.match(line)]
        for variable, value in changes.items():
            written = f"{variable}={quoted(value)}"
            place = _line_of(lines, variable)
            if place is not None:
                lines[place] = written
            else:
                _insert(lines, variable, written, sections)
        return EnvFile(self.path, tuple(lines), {**self.values, **changes}, self.too_open)


def read_env(path: Path) -> EnvFile | None:
    """Read the file.

    Args:
        path: `compose/.env`.

    Returns:
        None when there is no such file.

    Raises:
        EnvFileError: It cannot be read, a line is no assignment, or a newer version wrote it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EnvFileError(
            f"{path} cannot be read", why=str(reason), next_step="correct the file, or move it away"
        ) from error
    return parse_env(path, text, too_open=bool(stat.S_IMODE(mode) & 0o077))


def require_env(path: Path) -> EnvFile:
    """Read the file, which has to be there.

    Args:
        path: `compose/.env`.

    Raises:
        EnvFileError: There is none, or it cannot be read; see `read_env`.
    """
    file = read_env(path)
    if file is None:
        raise EnvFileError(f"{path} does not exist", next_step="run `ticketctl up`, which makes it")
    return file


def parse_env(path: Path, text: str, *, too_open: bool = False) -> EnvFile:
    """Return what the text of the file says.

    Args:
        path: Where it stands, for messages.
        text: Its content.
        too_open: Whether others may read it.

    Raises:
        EnvFileError: A line is no assignment, a variable is set twice, or a newer version wrote it.
    """
    values: dict[str, str] = {}
    where: dict[str, int] = {}
    lines = text.removeprefix("\ufeff").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            raise _line_error(path, number, "is not KEY=value")
        variable = match.group(1)
        if variable in values:
            raise _line_error(path, number, f"sets {variable} again, after line {where[variable]}")
        values[variable] = _value(match.group(2), path, number)
        where[variable] = number
    file = EnvFile(path, tuple(lines), values, too_open)
    env_version(file)
    return file


def env_version(file: EnvFile) -> int:
    """Return the version of the file's layout; 0 when it says none.

    Raises:
        EnvFileError: It is newer than this program, or no number.
    """
    written = file.values.get(VERSION_VARIABLE, "0")
    if not written.isdecimal():
        raise EnvFileError(
            f"{file.path}: {VERSION_VARIABLE} is not a number", next_step=f"write {VERSION_VARIABLE}={ENV_VERSION}"
        )
    if int(written) > ENV_VERSION:
        raise EnvFileError(
            f"{file.path} was written by a newer ticketctl",
            why=f"its layout has version {written}; this program knows versions up to {ENV_VERSION}",
            next_step="use the newer ticketctl, or move the file away and run `ticketctl up` (it makes new passwords)",
        )
    return int(written)


def write_env(file: EnvFile) -> None:
    """Put the file in place in one step, readable by its owner alone.

    Args:
        file: The new content.
    """
    replace_file(file.path, file.text, mode=_PRIVATE)


def quoted(value: str) -> str:
    """Return a value so that this module and Compose read the same.

    Raises:
        ValueError: It holds a line break or NUL, which the file cannot carry.
    """
    if any(character in value for character in "\n\r\0"):
        raise ValueError("a value of compose/.env is one line")
    if _PLAIN.fullmatch(value):
        return value
    if "'" not in value and not value.endswith("\\"):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _value(written: str, path: Path, number: int) -> str:
    """Return what Compose would read; refuse what it would change."""
    written = written.strip()
    if written[:1] not in ("'", '"'):
        value = written.split(" #", maxsplit=1)[0].rstrip()
        if "$" in value:
            raise _line_error(path, number, "has a $, which Compose replaces; put the value in single quotes")
        return value
    match = (_SINGLE_QUOTED if written[0] == "'" else _DOUBLE_QUOTED).fullmatch(written)
    if match is None:
        raise _line_error(path, number, "has a quote that does not end")
    inner = match.group(1)
    if written[0] == "'":
        return re.sub(r"\\(.)", lambda found: "'" if found.group(1) == "'" else found.group(), inner)
    if _OCTAL.search(inner) or re.search(r"(?<!\\)(?:\\\\)*\$", inner):
        raise _line_error(path, number, "has a $ or \\0, which Compose replaces; put the value in single quotes")
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found.group(1), found.group(1)), inner)


def _line_error(path: Path, number: int, problem: str) -> EnvFileError:
    return EnvFileError(f"{path}:{number} {problem}", next_step="correct the line; nothing was changed")


def _line_of(lines: Sequence[str], variable: str) -> int | None:
    for index, line in enumerate(lines):
        match = _ASSIGNMENT.fullmatch(line)
        if match is not None and match.group(1) == variable:
            return index
    return None


def _insert(lines: list[str], variable: str, written: str, sections: Sequence[EnvSection]) -> None:
    """Put a new variable behind the nearest one that precedes it in its section, or open the section."""
    section = next((section for section in sections if variable in section.variables), None)
    if section is None:
        lines.append(written)
        return
    before = section.variables[: section.variables.index(variable)]
    places = [place for place in (_line_of(lines, name) for name in before) if place is not None]
    if places:
        lines.insert(max(places) + 1, written)
        return
    after = section.variables[section.variables.index(variable) + 1 :]
    places = [place for place in (_line_of(lines, name) for name in after) if place is not None]
    if places:
        lines.insert(min(places), written)
        return
    lines += ([""] if lines else []) + [f"# {section.title}", written]
