"""Which files of a folder are migrations, and which names are refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ticketctl.errors import MigrationFileError

SUFFIX = ".sql"
ROLLBACK_SUFFIX = ".rollback.sql"
YOYO_TEMPORARY_PREFIX = "_tmp_yoyonew"  # what `yoyo new` leaves while its editor is open
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class FileNames:
    """The migration files of a folder, by what their names say.

    Attributes:
        names: Names of the migrations, in the order of their file names.
        rollbacks: Names of the migrations that have a rollback file.
    """

    names: tuple[str, ...]
    rollbacks: tuple[str, ...]


def file_names(folder: Path) -> FileNames:
    """Return which migrations a folder has.

    Args:
        folder: Folder of one database's migrations.

    Raises:
        MigrationFileError: The folder cannot be read, or has files that would be overlooked.
    """
    try:
        with os.scandir(folder) as entries:
            # By the whole file name: `001-x.sql` comes before `001.sql`, as it does for yoyo.
            files = sorted(entry.name for entry in entries if not entry.is_dir())
    except OSError as error:
        raise MigrationFileError(
            f"the migrations folder {folder} cannot be read",
            path=folder,
            why=f"{error.strerror}",
            next_step="create it, or correct databases.<key>.migrations in ticketctl.yaml",
        ) from error
    names, rollbacks = [], []
    for file in files:
        if not file.endswith(SUFFIX):
            _refuse_overlooked(folder, file)
        elif file.startswith((".", YOYO_TEMPORARY_PREFIX)):
            continue
        elif file.endswith(ROLLBACK_SUFFIX):
            rollbacks.append(file[: -len(ROLLBACK_SUFFIX)])
        else:
            names.append(file[: -len(SUFFIX)])
    return FileNames(tuple(names), tuple(rollbacks))


def refuse_names(folder: Path, found: FileNames) -> None:
    """Refuse names that a migration cannot have.

    Args:
        folder: Folder of the files.
        found: What it has.

    Raises:
        MigrationFileError: There is such a name.
    """
    alone = set(found.rollbacks).difference(found.names)
    if alone:
        name = min(alone)
        path = folder / f"{name}{ROLLBACK_SUFFIX}"
        raise MigrationFileError(
            f"{path} undoes a migration that does not exist",
            path=path,
            why=f"there is no {name}{SUFFIX} beside it",
            next_step="rename it to the name of its migration, or remove it",
        )
    _refuse_same(folder, found.names)
    for is_refused, what, why, next_step in _REFUSED:
        bad = next(filter(is_refused, found.names), None)
        if bad is not None:
            path = folder / f"{bad}{SUFFIX}"
            # A name that is not UTF-8 could not even be printed.
            shown = str(path).encode(errors="backslashreplace").decode()
            raise MigrationFileError(what.format(path=shown), path=path, why=why, next_step=next_step)


def _refuse_overlooked(folder: Path, file: str) -> None:
    path = folder / file
    if path.suffix.lower() == SUFFIX:
        raise MigrationFileError(
            f"{path} would be overlooked", path=path, next_step=f"end its name in {SUFFIX}, in lower case"
        )
    if path.suffix == ".py" and not file.startswith("_"):
        raise MigrationFileError(
            f"{path}: Python migrations are not run",
            path=path,
            why="a Python step cannot be journaled statement by statement, so it could not be resumed",
            next_step=f"write its statements into {path.with_suffix(SUFFIX).name}",
        )


def _refuse_same(folder: Path, names: Sequence[str]) -> None:
    seen = {name.casefold(): name for name in names}
    if len(seen) == len(names):
        return
    first = next(name for name in names if seen[name.casefold()] != name)
    second = seen[first.casefold()]
    path = folder / f"{second}{SUFFIX}"
    raise MigrationFileError(
        f"{path} and {first}{SUFFIX} have the same name but for upper and lower case",
        path=path,
        why="on some file systems they are one file",
        next_step="give each migration a name of its own",
    )


def _is_too_long(name: str) -> bool:
    return len(name) > LONGEST_NAME


def _is_hook(name: str) -> bool:
    return name.startswith("post-apply")


def _is_no_text(name: str) -> bool:
    # Python keeps the bytes that are not UTF-8 as lone surrogates.
    return not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name)


_REFUSED: tuple[tuple[Callable[[str], bool], str, str, str], ...] = (
    (_is_too_long, f"the name of {{path}} is longer than {LONGEST_NAME} characters", "", "shorten it"),
    (
        _is_hook,
        "{path}: post-apply hooks are not run",
        "yoyo runs such a file after every apply; here each file runs once",
        "rename it, or move its statements into a migration",
    ),
    (_is_no_text, "the name of {path} is not UTF-8", "the database keeps names as text", "rename it"),
)
