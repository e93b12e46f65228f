"""A new migration: the next numbered pair of files, behind all that are there."""

from __future__ import annotations

import fcntl
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ticketctl.errors import MigrationFileError
from ticketctl.provision.migrate.source import graph
from ticketctl.provision.migrate.source.files import Migration, discover
from ticketctl.provision.migrate.source.names import LONGEST_NAME, ROLLBACK_SUFFIX, SUFFIX

FIRST = "001"
# What the digits at the beginning of a name are, when they are a time.
_DAY = "%Y%m%d"
_TIMES = {8: _DAY, 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_STEPS = {12: timedelta(minutes=1), 14: timedelta(seconds=1)}
_EARLIEST = 1970  # 10000101 is a number
_NUMBER = re.compile(r"[0-9]+")
_NUMBER_OF_DAY = re.compile(r"[0-9]{8}_([0-9]+)(?:_|$)")

_UP = """\
-- {name}: {title}
{depends}
-- Statements end with a semicolon. MySQL commits each CREATE, ALTER and DROP by itself.

"""
_DOWN = """\
-- Undoes {name}, its last change first.
-- If it cannot be undone, remove this file: rolling back is then refused.

"""


@dataclass(frozen=True, slots=True)
class NewMigration:
    """The files of a new migration.

    Attributes:
        name: Its name.
        up: The file for the statements that apply it.
        down: The file for the statements that undo it.
        depends: The migrations that it was put behind.
    """

    name: str
    up: Path
    down: Path
    depends: tuple[str, ...]


def new_migration(folder: Path, title: str, *, now: datetime | None = None) -> NewMigration:
    """Write the two files of a new migration that runs after all others.

    Several runs at once get different numbers.

    Args:
        folder: Folder of one database's migrations; made if it is missing.
        title: What it does, in a few words.
        now: The time to name it after where the others are named after theirs; UTC, now if left out.

    Raises:
        MigrationFileError: The title has no letter or digit or is too long, a file that is there
            cannot be used, or the folder cannot be written.
    """
    slug = _slug(folder, title)
    with _locked(folder):
        existing = discover(folder)  # only now: what another run has just written comes before this one
        name = f"{_number(existing, now or datetime.now(UTC))}_{slug}"
        if len(name) > LONGEST_NAME:
            raise MigrationFileError(
                f"the name {name} is longer than {LONGEST_NAME} characters", path=folder, next_step="shorten the title"
            )
        depends = _depends(existing)
        new = NewMigration(name, folder / f"{name}{SUFFIX}", folder / f"{name}{ROLLBACK_SUFFIX}", depends)
        _write(new, " ".join(title.split()))
    return new


def _slug(folder: Path, title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "_", plain.removesuffix(SUFFIX)).strip("_")
    if not slug:
        raise MigrationFileError(
            f"no name can be made of {title!r}",
            path=folder,
            why="it has none of the letters a to z and no digit",
            next_step="say in a few words what the migration does, such as: add venue capacity",
        )
    return slug


def _depends(existing: Sequence[Migration]) -> tuple[str, ...]:
    ends = graph.heads({migration.name: migration.depends for migration in existing})
    return tuple(name for name in ends if len(name.split()) == 1)  # a name with a blank cannot be named there


def _number(existing: Sequence[Migration], now: datetime) -> str:
    numbers = [found.group() for migration in existing if (found := _NUMBER.match(migration.name))]
    if not numbers:
        return FIRST
    last = max(numbers, key=int)
    form = _TIMES.get(len(last), "")
    time = _time(last, form)
    if time is None:
        return str(int(last) + 1).zfill(len(last))
    if form == _DAY:
        return _number_of_day(existing, now.strftime(form))
    # A clock that is behind, or two migrations within a second: still after the last.
    return max(now, time + _STEPS[len(last)]).strftime(form)


def _number_of_day(existing: Sequence[Migration], day: str) -> str:
    """Several migrations of one day are counted, as `yoyo new` does."""
    today = [migration.name for migration in existing if migration.name.startswith(day)]
    numbers = [int(found.group(1)) for name in today if (found := _NUMBER_OF_DAY.match(name))]
    return f"{day}_{max(numbers, default=0) + 1:02}"


def _time(digits: str, form: str) -> datetime | None:
    try:
        time = datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return time if time.year >= _EARLIEST else None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Be the only run that adds to a folder; the lock ends with the process at the latest."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)
    except OSError as error:
        raise MigrationFileError(
            f"no migration can be written into {folder}",
            path=folder,
            why=f"{error.strerror}",
            next_step="look at the folder's permissions and at the room left on its disk",
        ) from error


def _write(new: NewMigration, title: str) -> None:
    # With the name before it, no title can be taken for a directive.
    depends = f"-- depends: {' '.join(new.depends)}" if new.depends else "--"
    texts = {
        new.up: _UP.format(name=new.name, title=title, depends=depends),
        # Second, because a rollback file alone would be refused.
        new.down: _DOWN.format(name=new.name),
    }
    written: list[Path] = []
    try:
        for path, text in texts.items():
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
    except BaseException:
        for path in reversed(written):
            path.unlink(missing_ok=True)
        raise
