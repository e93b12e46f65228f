"""Migration files: `NAME.sql` with its `NAME.rollback.sql`, in yoyo's format and order.

A file may begin with comment lines, and among them `-- depends: OTHER ANOTHER`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ticketctl.errors import MigrationFileError
from ticketctl.provision.migrate.source import graph
from ticketctl.provision.migrate.syntax.checksum import checksum
from ticketctl.provision.migrate.syntax.lexer import Statement, UnterminatedError, split
from ticketctl.provision.migrate.syntax.statements import excerpt, refusal

SUFFIX = ".sql"
ROLLBACK_SUFFIX = ".rollback.sql"
YOYO_TEMPORARY_PREFIX = "_tmp_yoyonew"  # what `yoyo new` leaves while its editor is open
LONGEST_NAME = 200

_DIRECTIVE = re.compile(r"\s*--\s*(depends|transactional)\s*:\s*(.*)$")
_COMMENT_OR_EMPTY = re.compile(r"\s*(--.*)?$")


@dataclass(frozen=True)
class SqlFile:
    """A file of SQL statements.

    Attributes:
        path: Where it is.
        text: Its content, without a byte order mark.
        sha256: Hash of its bytes, in hex.
    """

    path: Path
    text: str
    sha256: str

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements, in order.

        Raises:
            MigrationFileError: A quote is not closed, or a statement may not stand in a migration.
        """
        try:
            statements = split(self.text)
        except UnterminatedError as error:
            raise MigrationFileError(
                f"{self.path}:{error.line}:{error.column}: {error}",
                path=self.path,
                line=error.line,
                next_step="close it; everything after it was read as its content",
            ) from error
        for statement in statements:
            reason = refusal(statement)
            if reason:
                raise MigrationFileError(
                    f"{self.path}:{statement.line}: this statement may not stand in a migration",
                    path=self.path,
                    line=statement.line,
                    why=excerpt(statement),
                    next_step=reason,
                )
        return statements

    @cached_property
    def checksum(self) -> str:
        """Checksum of what the server would see of it."""
        return checksum(self.statements)


@dataclass(frozen=True)
class Migration:
    """One migration as its files have it.

    Attributes:
        name: File name without `.sql`.
        up: The statements that apply it.
        down: The statements that undo it, None without a rollback file.
        depends: Names of the migrations that must come before it.
    """

    name: str
    up: SqlFile
    down: SqlFile | None
    depends: tuple[str, ...]


def discover(folder: Path) -> tuple[Migration, ...]:
    """Return the migrations of a folder in the order in which they run.

    Args:
        folder: Folder of one database's migrations.

    Raises:
        MigrationFileError: The folder is missing, a file cannot be read or does not belong there, a
            dependency is unknown, or some depend on each other in a circle.
    """
    paths = _paths(folder)
    names = {path.name.removesuffix(SUFFIX): path for path in paths if not path.name.endswith(ROLLBACK_SUFFIX)}
    rollbacks = {path.name.removesuffix(ROLLBACK_SUFFIX): path for path in paths if path.name.endswith(ROLLBACK_SUFFIX)}
    for name, path in rollbacks.items():
        if name not in names:
            raise MigrationFileError(
                f"{path} undoes a migration that does not exist",
                path=path,
                why=f"there is no {name}{SUFFIX} beside it",
                next_step="rename it to the name of its migration, or remove it",
            )
    _refuse_names(names)
    migrations = {name: _read(name, path, rollbacks.get(name)) for name, path in names.items()}
    return _ordered(migrations)


def _paths(folder: Path) -> list[Path]:
    try:
        # By the whole file name: `001-x.sql` comes before `001.sql`, as it does for yoyo.
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise MigrationFileError(
            f"the migrations folder {folder} cannot be read",
            path=folder,
            why=f"{error.strerror}",
            next_step="create it, or correct databases.<key>.migrations in ticketctl.yaml",
        ) from error
    for path in entries:
        if path.suffix != SUFFIX and path.suffix.lower() == SUFFIX:
            raise MigrationFileError(
                f"{path} would be overlooked", path=path, next_step=f"end its name in {SUFFIX}, in lower case"
            )
        if path.suffix == ".py" and not path.name.startswith("_"):
            raise MigrationFileError(
                f"{path}: Python migrations are not run",
                path=path,
                why="a Python step cannot be journaled statement by statement, so it could not be resumed",
                next_step=f"write its statements into {path.with_suffix(SUFFIX).name}",
            )
    return [
        path
        for path in entries
        if path.suffix == SUFFIX and not path.is_dir() and not path.name.startswith((".", YOYO_TEMPORARY_PREFIX))
    ]


def _refuse_names(names: dict[str, Path]) -> None:
    seen: dict[str, Path] = {}
    for name, path in names.items():
        other = seen.setdefault(name.casefold(), path)
        if other is not path:
            raise MigrationFileError(
                f"{path} and {other.name} have the same name but for upper and lower case",
                path=path,
                why="on some file systems they are one file",
                next_step="give each migration a name of its own",
            )
        if len(name) > LONGEST_NAME:
            raise MigrationFileError(
                f"the name of {path} is longer than {LONGEST_NAME} characters",
                path=path,
                next_step="shorten it",
            )
        if name.startswith("post-apply"):
            raise MigrationFileError(
                f"{path}: post-apply hooks are not run",
                path=path,
                why="yoyo runs such a file after every apply; here each file runs once",
                next_step="rename it, or move its statements into a migration",
            )


def _read(name: str, path: Path, rollback: Path | None) -> Migration:
    up = read_sql_file(path)
    return Migration(name, up, read_sql_file(rollback) if rollback else None, _directives(up))


def read_sql_file(path: Path) -> SqlFile:
    """Read a file of SQL statements.

    Args:
        path: The file, in UTF-8, with or without a byte order mark.

    Raises:
        MigrationFileError: It cannot be read, or is not UTF-8.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise MigrationFileError(
            f"{path} cannot be read", path=path, why=f"{error.strerror}", next_step="look at its permissions"
        ) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MigrationFileError(
            f"{path}:{line}: the file is not UTF-8",
            path=path,
            line=line,
            why=str(error.reason),
            next_step="save it as UTF-8",
        ) from error
    return SqlFile(path, text, hashlib.sha256(content).hexdigest())


def _directives(file: SqlFile) -> tuple[str, ...]:
    depends: list[str] = []
    for number, line in enumerate(file.text.split("\n"), start=1):
        found = _DIRECTIVE.match(line)
        if found and found.group(1) == "depends":
            depends.extend(name for name in found.group(2).split() if name not in depends)
        elif found and found.group(2).strip().lower() != "false":
            raise MigrationFileError(
                f"{file.path}:{number}: `transactional: {found.group(2).strip()}` cannot be had",
                path=file.path,
                line=number,
                why="MySQL commits each DDL statement by itself",
                next_step="remove the line, or write `-- transactional: false`",
            )
        elif not _COMMENT_OR_EMPTY.match(line):
            break
    return tuple(depends)


def _ordered(migrations: dict[str, Migration]) -> tuple[Migration, ...]:
    for migration in migrations.values():
        for needed in migration.depends:
            if needed not in migrations:
                raise _unknown_dependency(migration, needed, migrations)
    try:
        names = graph.order({name: migration.depends for name, migration in migrations.items()})
    except graph.CycleError as error:
        first = migrations[error.cycle[0]]
        raise MigrationFileError(
            "some migrations depend on each other in a circle",
            path=first.up.path,
            line=_line_of_dependency(first, (*error.cycle, error.cycle[0])[1]),
            why=str(error),
            next_step="remove one of these `-- depends:` lines",
        ) from error
    return tuple(migrations[name] for name in names)


def _unknown_dependency(migration: Migration, needed: str, known: Iterable[str]) -> MigrationFileError:
    from difflib import get_close_matches

    line = _line_of_dependency(migration, needed)
    close = get_close_matches(needed.removesuffix(SUFFIX), list(known), n=1)
    return MigrationFileError(
        f"{migration.up.path}:{line}: depends on {needed!r}, which does not exist",
        path=migration.up.path,
        line=line,
        why=f"did you mean {close[0]!r}?" if close else f"{migration.up.path.parent} has no {needed}{SUFFIX}",
        next_step="correct the `-- depends:` line; it takes file names without .sql",
    )


def _line_of_dependency(migration: Migration, needed: str) -> int:
    for number, line in enumerate(migration.up.text.split("\n"), start=1):
        found = _DIRECTIVE.match(line)
        if found and needed in found.group(2).split():
            return number
    return 0
