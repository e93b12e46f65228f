"""Trying a statement in a scratch schema that holds what was there before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ticketctl.errors import BackendError, BackendPermissionError, BackendUnreachableError
from ticketctl.infra.mysql import answered, translating
from ticketctl.provision.migrate.execution.definitions import (
    UNREADABLE,
    context_and_sql,
    is_readable,
    read_default_collations,
    read_definitions,
    schema_objects,
)
from ticketctl.provision.migrate.execution.scratch import copy_into, scratch_name, scratch_schema
from ticketctl.provision.migrate.syntax.comparable import comparable
from ticketctl.provision.migrate.syntax.footprint import Footprint, SchemaObject, footprint
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.provision.migrate.syntax.rewrite import code_tokens, names_in, rename_database, restore
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

Definitions = Mapping[SchemaObject, str | None]


class RefusedError(Exception):
    """The server refuses the statement where everything is as it was before; the message is the server's."""


class UntriedError(Exception):
    """The statement could not be tried; the message says why."""


class Trial:
    """A statement, and the connections to try it on.

    Args:
        connection: The migration's, under whose settings it is executed.
        neutral: One with neutral settings, to copy and to read on.
        endpoint: Where they go, with the database.
        statement: The statement.
        touched: Its footprint.

    Raises:
        BackendError: The server is gone.
    """

    def __init__(
        self,
        connection: Connection[Cursor],
        neutral: Connection[Cursor],
        endpoint: MysqlEndpoint,
        *,
        statement: Statement,
        touched: Footprint,
    ) -> None:
        self._connection = connection
        self._neutral = neutral
        self._endpoint = endpoint
        self._statement = statement
        self._database = endpoint.database or ""
        self.touched = touched
        with translating(endpoint), neutral.cursor() as cursor:
            self._default_collations = read_default_collations(cursor)

    def comparable(self, found: Definitions) -> Definitions:
        """Return definitions so that what is the same reads the same.

        Args:
            found: What `read_definitions` returned.
        """
        return {one: text and comparable(text, self._default_collations) for one, text in found.items()}

    def definitions_now(self) -> Definitions:
        """Return the definitions that the statement may have changed, comparable; only before it is tried.

        Raises:
            BackendUnreachableError: The server is gone.
        """
        with self._neutral.cursor() as cursor:
            return self.comparable(read_definitions(cursor, self._endpoint, self.touched.objects))

    def run_from_nothing(self) -> Definitions:
        """Execute the statement where none of its objects exists; return the definitions that it leaves there.

        Raises:
            RefusedError: The server refuses the statement.
            UntriedError: It could not be tried.
            BackendUnreachableError: The server is gone.
        """
        nothing = dict.fromkeys(self.touched.objects)
        return self.run(nothing, nothing)

    def run(self, before: Definitions, copied: Definitions) -> Definitions:
        """Execute the statement in the scratch schema; return the definitions that it leaves there.

        Args:
            before: What was there before it, by the objects of its footprint.
            copied: Definitions that make the same.

        Raises:
            RefusedError: The server refuses the statement.
            UntriedError: It could not be tried.
            BackendUnreachableError: The server is gone.
        """
        scratch = scratch_name(self._database)
        sent = rename_database(self._statement, self._database, scratch)
        if footprint(Statement(sent, tuple(code_tokens(sent)), 1, 1), scratch) != self.touched:
            raise UntriedError("the statement could not be turned into one for another schema")
        copies = {one: definition for one, definition in copied.items() if definition is not None}
        try:
            with translating(self._endpoint):
                self._neutral.select_db(self._database)
            needed = self._needed(copies)
            with scratch_schema(self._neutral, self._endpoint, self._database):
                self._copy(scratch, copies, needed)
                self._compare_copies(before)
                with _inside(self._connection, self._endpoint, scratch):
                    self._execute(sent)
                return self._read()
        except BackendUnreachableError:
            raise
        except BackendPermissionError as error:
            raise UntriedError(
                f"this account may not create the schema {scratch}, in which the statement would be tried "
                f"(rights on `ticketctl\\_scratch\\_%`.* let it): {_said(error)}"
            ) from error
        except BackendError as error:
            raise UntriedError(f"the statement could not be tried: {_said(error)}") from error

    def _needed(self, copies: Mapping[SchemaObject, str]) -> dict[SchemaObject, str]:
        """The definitions of what else must be there for the statement and the copies to be possible."""
        kinds = {one.kind for one in self.touched.objects}
        if kinds <= {"procedure", "function"}:
            return {}  # what a body names is looked for when it is called
        names = names_in(self._statement).union(*(_needs(one, text) for one, text in copies.items()))
        found: dict[SchemaObject, str] = {}
        with self._neutral.cursor() as cursor:
            with translating(self._endpoint):
                others = [one for one in schema_objects(cursor) if one.kind in {"table", "function", *kinds}]
            others = [one for one in others if one not in self.touched.objects]
            while wanted := [one for one in others if one.name.lower() in names and one not in found]:
                read = read_definitions(cursor, self._endpoint, wanted)
                # What cannot be read is missing there, and the server says so if it is needed.
                found |= {one: text if text and is_readable(text) else "" for one, text in read.items()}
                names = names.union(*(_needs(one, found[one]) for one in wanted))
        return {one: text for one, text in found.items() if text}

    def _copy(self, scratch: str, copies: Mapping[SchemaObject, str], needed: Mapping[SchemaObject, str]) -> None:
        with translating(self._endpoint):
            self._neutral.select_db(scratch)
        first = {one: text for one, text in copies.items() if one.kind == "table" and not _has_body(one, text)}
        then = {one: text for one, text in copies.items() if one not in first}
        refused = copy_into(self._neutral, self._endpoint, first)
        copy_into(self._neutral, self._endpoint, needed, own_definer=True)
        refused |= copy_into(self._neutral, self._endpoint, then)
        for one, message in refused.items():
            raise UntriedError(f"{one} cannot be copied as it was before: {message}")

    def _compare_copies(self, before: Definitions) -> None:
        made, wanted = self.comparable(self._read()), self.comparable(before)
        for one in self.touched.objects:
            if made[one] != wanted[one]:
                raise UntriedError(f"a copy of {one} does not come out as it was before")

    def _execute(self, sent: str) -> None:
        try:
            with translating(self._endpoint), self._connection.cursor() as cursor:
                cursor.execute(sent)
        except BackendUnreachableError:
            raise
        except BackendError as error:
            raise RefusedError(_said(error)) from error

    def _read(self) -> dict[SchemaObject, str | None]:
        """The definitions in the scratch schema, as they would read in the database."""
        scratch = scratch_name(self._database)
        with self._neutral.cursor() as cursor:
            found = read_definitions(cursor, self._endpoint, self.touched.objects)
        hidden = hidden_reason(found)
        if hidden:
            raise UntriedError(hidden)
        return {one: None if text is None else restore(text, scratch, self._database) for one, text in found.items()}


@contextmanager
def _inside(connection: Connection[Cursor], endpoint: MysqlEndpoint, scratch: str) -> Iterator[None]:
    """Make the scratch schema the default one of the migration's connection, without checks of foreign keys."""
    with translating(endpoint), connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.foreign_key_checks")
        row = cursor.fetchone()
    try:
        with translating(endpoint), connection.cursor() as cursor:
            cursor.execute("SET SESSION foreign_key_checks = 0")
            connection.select_db(scratch)
        yield
    finally:
        with translating(endpoint), connection.cursor() as cursor:
            connection.select_db(endpoint.database or "")
            cursor.execute("SET SESSION foreign_key_checks = %s", (row[0] if row else 1,))


def hidden_reason(found: Definitions) -> str:
    """Return why some definitions cannot be compared, or nothing.

    Args:
        found: What `read_definitions` returned.
    """
    for one, text in found.items():
        if not is_readable(text):
            return f"{one} cannot be read: {str(text).removeprefix(UNREADABLE)}"
    return ""


def _has_body(one: SchemaObject, definition: str) -> bool:
    """Whether something else must be there before it can be created; without checks a table needs nothing."""
    return one.kind == "trigger" or (one.kind == "table" and bool(context_and_sql(definition)[0]))


def _needs(one: SchemaObject, definition: str) -> frozenset[str]:
    return names_in(context_and_sql(definition)[1]) if _has_body(one, definition) else frozenset()


def _said(error: BackendError) -> str:
    return "error {}: {}".format(*answered(error))
