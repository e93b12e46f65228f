"""Which objects a database does not have, so that their definitions need not be asked for.

A migration mostly makes what is not there. Asking the server each time takes a tenth of the time that the
statement takes; so after a few questions all names are read at once. Names that somebody else adds
meanwhile are missed: a statement that would make the same then fails, as it should.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ticketctl.infra.mysql import translating
from ticketctl.provision.migrate.execution.definitions import schema_objects
from ticketctl.provision.migrate.syntax.footprint import UNTRIED, SchemaObject
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

WORTH_READING_ALL = 5  # questions; fewer are quicker one by one


class Existing:
    """The names in a database, as far as they are known.

    Args:
        connection: A connection to the database that does not execute the migrations.
        endpoint: Where it goes.
    """

    def __init__(self, connection: Connection[Cursor], endpoint: MysqlEndpoint) -> None:
        self._connection = connection
        self._endpoint = endpoint
        self._asked = 0
        self._names: set[tuple[str, str]] | None = None

    def is_absent(self, wanted: SchemaObject) -> bool:
        """Whether an object is known not to exist.

        Args:
            wanted: The object.

        Raises:
            BackendError: The server is gone.
        """
        if wanted.kind in UNTRIED:
            return False  # their names are not read
        self._asked += 1
        if self._names is None:
            if self._asked <= WORTH_READING_ALL:
                return False
            self._names = self._read()
        return _key(wanted) not in self._names

    def may_exist(self, objects: Iterable[SchemaObject]) -> None:
        """Take note of what a statement may have made.

        Args:
            objects: Its footprint.
        """
        if self._names is not None:
            self._names.update(_key(one) for one in objects)

    def forget(self) -> None:
        """Take note that a statement may have made anything."""
        self._names = None

    def _read(self) -> set[tuple[str, str]]:
        with translating(self._endpoint), self._connection.cursor() as cursor:
            return {_key(one) for one in schema_objects(cursor)}


def _key(one: SchemaObject) -> tuple[str, str]:
    # Whatever the server makes of upper and lower case: a name too many costs a question, one too few a mistake.
    return one.kind, one.name.casefold()
