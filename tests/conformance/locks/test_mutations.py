"""The suite finds faults: each one that is put into the library turns it red."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.locks.mutations import MUTATIONS, judged
from conformance.locks.servers import RedisServer
from conformance.mutations import Change, Mutation, applied

pytestmark = pytest.mark.integration


def test_without_a_fault_it_is_green(redis_server: RedisServer, tmp_path: Path) -> None:
    """The control: what makes it red below is the fault, not the way in which it is run."""
    killers = sorted({killer for mutation in MUTATIONS for killer in mutation.killers})
    result = judged(applied((), tmp_path), tuple(killers), redis_server)
    assert result.returncode == 0, result.stdout
    assert f"{len(killers)} passed" in result.stdout


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.id)
def test_a_fault_turns_it_red(mutation: Mutation, redis_server: RedisServer, tmp_path: Path) -> None:
    folder = applied(mutation.changes, tmp_path)
    for killer in mutation.killers:
        for _ in range(3):  # on a busy machine the moment that a test waits for may be another one, once
            result = judged(folder, (killer,), redis_server)
            if result.returncode:
                break
        assert result.returncode == 1, f"{killer} finds nothing:\n{result.stdout}\n{result.stderr}"
        assert "1 failed" in result.stdout, result.stdout


def test_a_fault_that_cannot_be_put_in_is_said(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"grant.lua does not say once: no such line"):
        applied([Change("locks/lua/grant.lua", "no such line", "")], tmp_path)
