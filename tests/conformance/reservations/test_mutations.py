"""The suite finds faults: each one that is put into the library, or into the schema, turns it red."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from conformance.locks.servers import RedisServer
from conformance.mutations import Change, applied
from conformance.reservations.inventory import Inventory, migrated_inventory
from conformance.reservations.mutations import ENOUGH, MUTATIONS, Fault, judged, migrations_with
from integration.servers import Server

pytestmark = pytest.mark.integration
Places = tuple[Server, RedisServer, Inventory]
OfSchema = Callable[[tuple[Change, ...]], Places]


@pytest.fixture(scope="module")
def places(
    mysql_server: Server, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfSchema]:
    """Servers, and a database for each schema that is wanted: made once."""
    made: dict[tuple[Change, ...], Places] = {}
    with ExitStack() as ends:

        def of(schema: tuple[Change, ...]) -> Places:
            if schema not in made:
                migrations = migrations_with(schema, tmp_path_factory.mktemp("schema"))
                inventory = ends.enter_context(migrated_inventory(mysql_server, migrations))
                made[schema] = mysql_server, redis_server, inventory
            return made[schema]

        yield of


def test_without_a_fault_it_is_green(places: OfSchema, tmp_path: Path) -> None:
    """The control: what makes it red below is the fault, not the way in which it is run."""
    killers = sorted({killer for fault in MUTATIONS for killer in fault.killers})
    result = judged(applied((), tmp_path), killers, places(()), seconds=300)
    assert result.returncode == 0, result.stdout
    assert f"{len(killers)} passed" in result.stdout


@pytest.mark.parametrize("fault", MUTATIONS, ids=lambda fault: fault.id)
def test_a_fault_turns_it_red(fault: Fault, places: OfSchema, tmp_path: Path) -> None:
    folder = applied(fault.changes, tmp_path)
    for killer in fault.killers:
        result = judged(folder, [killer], places(fault.schema))
        assert result.returncode == 1, f"{killer} finds nothing:\n{result.stdout}\n{result.stderr}"
        assert "1 failed" in result.stdout, result.stdout


@pytest.mark.parametrize("fault", ENOUGH, ids=lambda fault: fault.id)
def test_the_layer_that_is_left_is_enough(fault: Fault, places: OfSchema, tmp_path: Path) -> None:
    """Two of three that keep a seat from having two owners are missing."""
    result = judged(applied(fault.changes, tmp_path), fault.killers, places(fault.schema))
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout
