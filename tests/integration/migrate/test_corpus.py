"""Migrations in the styles of real projects: the runner and the `mysql` client make the same of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from integration.migrate.bench import Bench
from integration.migrate.conftest import Root
from integration.migrate.mysql_client import run_client
from integration.migrate.schema_snapshot import schema_snapshot
from integration.servers import Server
from ticketctl.errors import TicketctlError
from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.source import files as source_files
from ticketctl.provision.migrate.syntax.lexer import Statement, split

pytestmark = pytest.mark.integration
CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*.sql"))
Splitter = Callable[[str], tuple[Statement, ...]]
NEEDS_NO_DELIMITER = "-- no-delimiter"


@pytest.fixture
def other(bench: Bench, scratch_name: Callable[[], str], root: Root) -> Bench:
    """A second empty database, for the client."""
    name = scratch_name()
    root(f"CREATE DATABASE {quote_identifier(name)}")
    return bench.on(name)


@pytest.fixture(autouse=True)
def trusted_functions(root: Root) -> Iterator[None]:
    """As `up` sets the server up: the binary log is on, and functions need not be declared harmless for it."""
    before = root("SELECT @@GLOBAL.log_bin_trust_function_creators")[0][0]
    root("SET GLOBAL log_bin_trust_function_creators = 1")
    yield
    root("SET GLOBAL log_bin_trust_function_creators = %s", before)


def apply_by_client(server: Server, bench: Bench, text: str) -> None:
    """Feed a file to the client, as the account and in the time zone that the runner has."""
    utc = "--init-command=SET time_zone = '+00:00'"
    result = run_client(server, text, utc, database=bench.endpoint.database or "", account=bench.endpoint)
    assert result.returncode == 0, result.stderr.decode()


def for_the_client(text: str) -> str:
    """The text as the client can read it: a file that needs no DELIMITER here is given one.

    It is put where the lexer cuts. Were that wrong, neither the runner nor the client could execute the pieces.
    """
    if NEEDS_NO_DELIMITER not in text:
        return text
    return "DELIMITER $$\n" + "".join(f"{statement.text}\n$$\n" for statement in split(text))


def differences(bench: Bench, other: Bench) -> list[str]:
    """What is not the same in two databases."""
    ours, clients = schema_snapshot(bench.endpoint), schema_snapshot(other.endpoint)
    return [
        f"{key}\n  runner: {ours.get(key)}\n  client: {clients.get(key)}"
        for key in sorted({*ours, *clients})
        if ours.get(key) != clients.get(key)
    ]


def semicolons(text: str) -> tuple[Statement, ...]:
    """A splitter that knows of nothing but semicolons."""
    return tuple(Statement(piece.strip(), (), 1, 1) for piece in text.split(";") if piece.strip())


def dashes(text: str) -> tuple[Statement, ...]:
    """One to which any two dashes begin a comment."""
    return split(re.sub(r"--[^\n]*", "", text))


def executable_comments(text: str) -> tuple[Statement, ...]:
    """One to which executable comments are comments."""
    return split(re.sub(r"/\*!.*?\*/", "", text, flags=re.DOTALL))


def line_ends(text: str) -> tuple[Statement, ...]:
    """One that keeps the line ends of Windows."""
    return tuple(replace(statement, text=statement.text.replace("\n", "\r\n")) for statement in split(text))


def no_delimiters(text: str) -> tuple[Statement, ...]:
    """One that loses the delimiter command."""
    return split(re.sub(r"(?im)^ *delimiter .*", "", text))


def test_the_corpus_is_whole() -> None:
    assert len(FILES) >= 60


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_runner_and_the_client_make_the_same(own_mysql: Server, bench: Bench, other: Bench, file: Path) -> None:
    (bench.folder / file.name).write_bytes(file.read_bytes())

    bench.apply()
    apply_by_client(own_mysql, other, for_the_client(file.read_bytes().decode()))

    assert differences(bench, other) == []
    assert schema_snapshot(bench.endpoint), "a file that makes nothing compares nothing"


@pytest.mark.parametrize(
    ("broken", "file"),
    [
        (semicolons, "02_tricky_strings"),
        (dashes, "40_arithmetic_and_dashes"),
        (no_delimiters, "06_procedures_with_delimiter"),
    ],
)
def test_a_broken_splitter_is_noticed_by_the_server(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, broken: Splitter, file: str
) -> None:
    (bench.folder / "001.sql").write_bytes((CORPUS / f"{file}.sql").read_bytes())
    monkeypatch.setattr(source_files, "split", broken)
    with pytest.raises(TicketctlError):
        bench.apply()


@pytest.mark.parametrize(
    "broken_for_file",
    [(executable_comments, "05_dump_of_routines_and_triggers"), (line_ends, "07_dollar_delimiter_windows_lines")],
)
def test_a_broken_splitter_is_noticed_by_the_comparison(
    own_mysql: Server,
    bench: Bench,
    other: Bench,
    monkeypatch: pytest.MonkeyPatch,
    broken_for_file: tuple[Splitter, str],
) -> None:
    """The server takes what it is sent, and makes something else of it."""
    broken, file = broken_for_file
    content = (CORPUS / f"{file}.sql").read_bytes()
    (bench.folder / "001.sql").write_bytes(content)
    monkeypatch.setattr(source_files, "split", broken)
    bench.apply()
    apply_by_client(own_mysql, other, content.decode())
    assert differences(bench, other) != []
