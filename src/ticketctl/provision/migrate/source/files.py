"""Migration files: `NAME.sql` with its `NAME.rollback.sql`, in yoyo's format and order.

A file may begin with comment lines, and among them directives. A folder of thousands of files is
read before every command, so nothing is done per file that can wait or be done for all at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ticketctl.errors import MigrationFileError
from ticketctl.provision.migrate.source import graph
from ticketctl.provision.migrate.source.directives import (
    NO_DIRECTIVES,
    DirectiveError,
    Directives,
    line_of_dependency,
    may_have_directives,
    parse_directives,
)
from ticketctl.provision.migrate.source.names import ROLLBACK_SUFFIX, SUFFIX, file_names, refuse_names
from ticketctl.provision.migrate.syntax.checksum import checksum
from ticketctl.provision.migrate.syntax.lexer import SqlSyntaxError, Statement, split
from ticketctl.provision.migrate.syntax.statements import excerpt, refusal

__all__ = ["ROLLBACK_SUFFIX", "SUFFIX", "Migration", "SqlFile", "discover", "read_sql_file"]

_CHUNK = 65536  # bytes; hardly a migration has more, so that one read gets it all


class SqlFile:
    """A file of SQL statements; what is asked of it is found out when it is first asked.

    Args:
        folder: Folder that it is in.
        name: Its name there.
        content: Its bytes, None to read them when they are first needed.
    """

    def __init__(self, folder: Path, name: str, content: bytes | None = None) -> None:
        self._folder = folder
        self._name = name
        self._known_content = content

    def __repr__(self) -> str:
        return f"SqlFile({self.path})"

    @cached_property
    def path(self) -> Path:
        """Where it is."""
        return self._folder / self._name

    @cached_property
    def _content(self) -> bytes:
        if self._known_content is not None:
            return self._known_content
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise _unreadable(self.path, error) from error

    @cached_property
    def text(self) -> str:
        """Its content, without a byte order mark.

        Raises:
            MigrationFileError: It cannot be read, or is not UTF-8.
        """
        content = self._content
        try:
            return content.decode().removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise MigrationFileError(
                f"{self.path}:{line}: the file is not UTF-8",
                path=self.path,
                line=line,
                why=str(error.reason),
                next_step="save it as UTF-8",
            ) from error

    @cached_property
    def sha256(self) -> str:
        """Hash of its bytes, in hex.

        Raises:
            MigrationFileError: It cannot be read.
        """
        return hashlib.sha256(self._content).hexdigest()

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements, in order.

        Raises:
            MigrationFileError: A quote is not closed, or a statement may not stand in a migration.
        """
        try:
            statements = split(self.text)
        except SqlSyntaxError as error:
            raise MigrationFileError(
                f"{self.path}:{error.line}:{error.column}: {error}",
                path=self.path,
                line=error.line,
                next_step=error.advice,
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

    def directives(self) -> Directives:
        """Return what its leading comments say.

        Raises:
            MigrationFileError: They cannot be followed, or the file is not UTF-8.
        """
        content = self._content
        if content.isascii() and not may_have_directives(content):
            return NO_DIRECTIVES
        try:
            return parse_directives(self.text)
        except DirectiveError as error:
            raise MigrationFileError(
                f"{self.path}:{error.line}: {error.what}",
                path=self.path,
                line=error.line,
                why=error.why,
                next_step=error.next_step,
            ) from error


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration as its files have it.

    Attributes:
        name: File name without `.sql`.
        up: The statements that apply it; its `text` is what the history keeps.
        down: The statements that undo it, None without a rollback file.
        directives: What its leading comments say.
    """

    name: str
    up: SqlFile
    down: SqlFile | None
    directives: Directives = NO_DIRECTIVES

    @property
    def depends(self) -> tuple[str, ...]:
        """Names of the migrations that must come before it."""
        return self.directives.depends

    @property
    def allows_late(self) -> bool:
        """Whether it may run although a later one is applied already."""
        return self.directives.allows_late

    @property
    def allows_copy(self) -> bool:
        """Whether its statements, both ways, may copy a table of any size."""
        return self.directives.allows_copy


def discover(folder: Path) -> tuple[Migration, ...]:
    """Return the migrations of a folder in the order in which they run.

    Rollback files are not read before they are asked.

    Args:
        folder: Folder of one database's migrations.

    Raises:
        MigrationFileError: The folder is missing, a file cannot be read or does not belong there, a
            dependency is unknown, or some depend on each other in a circle.
    """
    found = file_names(folder)
    refuse_names(folder, found)
    rollbacks = set(found.rollbacks)
    migrations = {}
    for name, up in zip(found.names, _read_all(folder, found.names), strict=True):
        down = SqlFile(folder, name + ROLLBACK_SUFFIX) if name in rollbacks else None
        migrations[name] = Migration(name, up, down, up.directives())
    return _ordered(migrations)


def read_sql_file(path: Path) -> SqlFile:
    """Read a file of SQL statements.

    Args:
        path: The file, in UTF-8, with or without a byte order mark.

    Raises:
        MigrationFileError: It cannot be read, or is not UTF-8.
    """
    file = SqlFile(path.parent, path.name)
    _ = file.text
    return file


def _read_all(folder: Path, names: Sequence[str]) -> list[SqlFile]:
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return [SqlFile(folder, name + SUFFIX, _read(directory, folder, name + SUFFIX)) for name in names]
    finally:
        os.close(directory)


def _read(directory: int, folder: Path, name: str) -> bytes:
    try:
        file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
        try:
            content = chunk = os.read(file, _CHUNK)
            while len(chunk) == _CHUNK:
                chunk = os.read(file, _CHUNK)
                content += chunk
        finally:
            os.close(file)
    except OSError as error:
        raise _unreadable(folder / name, error) from error
    return content


def _unreadable(path: Path, error: OSError) -> MigrationFileError:
    return MigrationFileError(
        f"{path} cannot be read", path=path, why=f"{error.strerror}", next_step="look at its permissions"
    )


def _ordered(migrations: dict[str, Migration]) -> tuple[Migration, ...]:
    dependencies = {name: migration.directives.depends for name, migration in migrations.items()}
    for name, needed in dependencies.items():
        for other in needed:
            if other not in migrations:
                raise _unknown_dependency(migrations[name], other, migrations)
    try:
        names = graph.order(dependencies)
    except graph.CycleError as error:
        first = migrations[error.cycle[0]]
        raise MigrationFileError(
            "some migrations depend on each other in a circle",
            path=first.up.path,
            line=line_of_dependency(first.up.text, (*error.cycle, error.cycle[0])[1]),
            why=str(error),
            next_step="remove one of these `-- depends:` lines",
        ) from error
    return tuple(migrations[name] for name in names)


def _unknown_dependency(migration: Migration, needed: str, known: Iterable[str]) -> MigrationFileError:
    from difflib import get_close_matches

    line = line_of_dependency(migration.up.text, needed)
    close = get_close_matches(needed.removesuffix(SUFFIX), list(known), n=1)
    return MigrationFileError(
        f"{migration.up.path}:{line}: depends on {needed!r}, which does not exist",
        path=migration.up.path,
        line=line,
        why=f"did you mean {close[0]!r}?" if close else f"{migration.up.path.parent} has no {needed}{SUFFIX}",
        next_step="correct the `-- depends:` line; it takes file names without .sql",
    )
