"""The server of the sweeps: up again within a second after a SIGKILL, with all its durability on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from integration.conftest import ROOT_PASSWORD, root_of
from integration.servers import Server, running, wait_until
from ticketctl.errors import BackendUnreachableError
from ticketctl.infra.mysql import connect, quote_identifier, translating

USER = "sweeper"
GRANTEE = "sweep_grantee"
# Rights of the migration account, and what the statements of the doubtful classes need.
RIGHTS = (
    r"ALL ON `sweep\_%`.* TO {} WITH GRANT OPTION",
    r"ALL ON `ticketctl\_scratch\_%`.* TO {}",
    "PROCESS, CREATE USER, SYSTEM_VARIABLES_ADMIN ON *.* TO {}",
    "SELECT ON performance_schema.* TO {}",
)
# Memory keeps what the server has written when it is killed, as a disk does, and syncs in no time.
OPTIONS = ("--tmpfs", "/var/lib/mysql:uid=999,gid=999,mode=0750")
COMMAND = """
while :; do
    docker-entrypoint.sh mysqld --log-bin-trust-function-creators=ON --innodb-buffer-pool-size=64M \
        --innodb-redo-log-capacity=16M --innodb-flush-log-at-trx-commit=1 --sync-binlog=1
done
"""
KILL = """
pid=$(cat /var/run/mysqld/mysqld.pid)
kill -KILL "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
echo dead
"""
PRIVATE = re.compile(r"ticketctl_|_yoyo_|yoyo_")
AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=\d+")
SHOWN = {  # what SHOW CREATE answers: the columns that say what it is, not when it was made
    "TABLE": slice(0, 2),
    "VIEW": slice(0, None),
    "PROCEDURE": slice(0, None),
    "FUNCTION": slice(0, None),
    "TRIGGER": slice(0, 6),
    "EVENT": slice(0, None),
}
Snapshot = dict[str, Any]


@dataclass(frozen=True)
class SweepServer:
    """A server that may be killed.

    Attributes:
        server: Its container.
        shell: A shell in the container, which is there before it is needed.
    """

    server: Server
    shell: subprocess.Popen[str]
    _root: list[Any] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.server.port

    def kill(self) -> None:
        """Kill mysqld, which starts again by itself; the signal is there within milliseconds."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(KILL)
        self.shell.stdin.flush()
        assert self.shell.stdout.readline() == "dead\n"

    def wait(self) -> None:
        """Wait until it accepts connections."""
        wait_until(lambda: connect(root_of(self.server)).close(), self.server, 60)

    @contextmanager
    def as_root(self) -> Iterator[Any]:
        """A cursor of root's; the connection is kept, as logging in takes longer than what most ask for."""
        if not self._is_connected():
            self._root[:] = [connect(root_of(self.server))]
        with self._root[0].cursor() as cursor:
            yield cursor

    def _is_connected(self) -> bool:
        try:
            with translating(root_of(self.server)):
                for connection in self._root:
                    connection.ping(reconnect=False)
        except BackendUnreachableError:
            return False
        return bool(self._root)

    def close(self) -> None:
        """Give the connection up."""
        for connection in self._root:
            with suppress(Exception):
                connection.close()

    def drop(self, *databases: str) -> None:
        """Drop databases, and what the log says of them: in a full sweep it would fill the memory."""
        with self.as_root() as cursor:
            for database in databases:
                cursor.execute(f"DROP DATABASE IF EXISTS {quote_identifier(database)}")
            cursor.execute("FLUSH BINARY LOGS")
            cursor.execute("PURGE BINARY LOGS BEFORE NOW()")


@contextmanager
def sweep_server() -> Iterator[SweepServer]:
    """Run the server of the sweeps, with its accounts."""
    environ = {"MYSQL_ROOT_PASSWORD": ROOT_PASSWORD.reveal()}
    command = ("bash", "-c", COMMAND)
    with (
        running("mysql", 3306, environ=environ, memory="1g", options=OPTIONS, command=command) as server,
        _shell(server) as shell,
    ):
        one = SweepServer(server, shell)
        one.wait()
        with one.as_root() as cursor:
            create_account(cursor)
        yield one
        one.close()


def create_account(cursor: Any) -> None:
    """Create the account of the sweeps."""
    cursor.execute(f"CREATE USER {USER} IDENTIFIED BY ''")
    for right in RIGHTS:
        cursor.execute(f"GRANT {right.format(USER)}")


@contextmanager
def _shell(server: Server) -> Iterator[subprocess.Popen[str]]:
    command = ["docker", "exec", "--interactive", server.name, "sh"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        try:
            yield shell
        finally:
            shell.kill()


def take_snapshot(cursor: Any, database: str, also: tuple[str, ...] = (), *, private: bool = False) -> Snapshot:
    """Return everything that a database holds, but for the bookkeeping.

    Args:
        cursor: A cursor of root's.
        database: Its name, which the snapshot does not tell.
        also: Queries whose answers belong to it.
        private: Return the bookkeeping instead.
    """
    cursor.execute(f"USE {quote_identifier(database)}")
    cursor.execute("SHOW FULL TABLES")
    kinds = {name: kind for name, kind in cursor.fetchall() if bool(PRIVATE.match(name)) is private}
    objects = [("VIEW" if kind == "VIEW" else "TABLE", name) for name, kind in kinds.items()]
    cursor.execute(_PROGRAMS, {"database": database})
    objects += list(cursor.fetchall())
    found: Snapshot = {}
    for kind, name in objects:
        cursor.execute(f"SHOW CREATE {kind} {quote_identifier(name)}")
        (row,) = cursor.fetchall()
        found[f"{kind} {name}"] = tuple(_neutral(str(value), database) for value in row[SHOWN[kind]])
        if kind == "TABLE":
            cursor.execute(f"SELECT * FROM {quote_identifier(name)}")
            found[f"rows of {name}"] = sorted(cursor.fetchall(), key=repr)
    for query in also:
        cursor.execute(query)
        found[query] = [tuple(_neutral(str(value), database) for value in row) for row in cursor.fetchall()]
    return found


def _neutral(text: str, database: str) -> str:
    escaped = database.replace("_", "\\_")
    return AUTO_INCREMENT.sub("", text.replace(database, "DATABASE").replace(escaped, "DATABASE"))


_PROGRAMS = """
SELECT routine_type AS kind, routine_name FROM information_schema.routines WHERE routine_schema = %(database)s
UNION ALL SELECT 'TRIGGER', trigger_name FROM information_schema.triggers WHERE trigger_schema = %(database)s
UNION ALL SELECT 'EVENT', event_name FROM information_schema.events WHERE event_schema = %(database)s
"""
