"""`ticketctl migrate new` as it is typed: no server is asked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from integration.migrate.bench import Bench
from integration.migrate.test_command import Command

pytestmark = pytest.mark.integration


@pytest.fixture
def migrate(bench: Bench) -> Command:
    """The command, where nobody listens at the server's port."""
    nowhere = replace(bench.endpoint, port=1)
    return Command(Bench(nowhere, bench.root))


def test_the_next_pair_of_files(migrate: Command) -> None:
    first = migrate("new", "main", "create venues")
    assert (first.code, first.out, first.err) == (
        0,
        "migrations/001_create_venues.sql\nmigrations/001_create_venues.rollback.sql\n",
        "",
    )
    second = json.loads(migrate("new", "main", "Add", "venue", "capacity", "--json").out)
    assert (second["name"], second["depends"]) == ("002_add_venue_capacity", ["001_create_venues"])
    assert "-- depends: 001_create_venues" in (migrate.bench.folder / "002_add_venue_capacity.sql").read_text()


def test_what_was_written_can_be_applied_and_rolled_back(bench: Bench, migrate: Command) -> None:
    migrate("new", "main", "one")
    with (bench.folder / "001_one.sql").open("a") as up, (bench.folder / "001_one.rollback.sql").open("a") as down:
        up.write("CREATE TABLE one (x INT);\n")
        down.write("DROP TABLE one;\n")
    bench.apply()
    assert bench.tables() == ["one"]
    bench.rollback()
    assert bench.tables() == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("mian", "x"), 2, "did you mean 'main'?"),
        (("main",), 2, "Missing argument 'TITLE'"),
        (("main", "!!!"), 5, "add venue capacity"),
        (("main", "x" * 300), 5, "shorten the title"),
    ],
)
def test_the_wrong_things(migrate: Command, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = migrate("new", *arguments)
    assert (done.code, said in done.err) == (code, True)
    assert [path.name for path in migrate.bench.folder.iterdir()] == []
