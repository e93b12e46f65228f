"""Whatever is killed, and whenever: the run repeated, the database is as if nothing had been.

`TICKETCTL_TEST_SWEEP=full` cuts at every packet everywhere; otherwise some sweeps take every so many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import pytest

from integration.migrate.sweep import Blow, Stage, Verdict, report
from integration.migrate.sweep_reference import (
    CERTAIN,
    UNCERTAIN,
    Action,
    Group,
    Reference,
    neutral,
    packets_to_cut,
)
from integration.migrate.sweep_server import sweep_server
from integration.migrate.warm_process import WarmProcess

pytestmark = pytest.mark.integration
FULL = os.environ.get("TICKETCTL_TEST_SWEEP") == "full"
GROUPS = (*CERTAIN, *UNCERTAIN)
UNDOABLE = tuple(group for group in CERTAIN if group.can_be_undone)
ReferenceOf = Callable[..., Reference]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with sweep_server() as server, WarmProcess() as warm:
        yield Stage(server, warm)


@pytest.fixture(scope="module")
def reference_of(stage: Stage) -> ReferenceOf:
    """Gives the undisturbed run of a group, which is made once."""
    known: dict[tuple[str, Action], Reference] = {}

    def of(group: Group, action: Action = "apply") -> Reference:
        if (group.name, action) not in known:
            known[group.name, action] = stage.reference(group, action)
        return known[group.name, action]

    return of


def some(packets: Iterable[int], group: Group, every: int) -> list[int]:
    """Every so many of the packets, not the same in each group; all in a full sweep."""
    found = list(packets)
    return found if FULL else found[GROUPS.index(group) % min(every, len(found)) :: every]


def named(group: Group) -> str:
    return group.name


@pytest.mark.parametrize("group", GROUPS, ids=named)
def test_a_packet_is_the_same_in_every_run(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    """Otherwise the sweeps would leave out what they believe to cover."""
    first, second = reference_of(group), stage.reference(group)
    assert [neutral(packet) for packet in second.packets] == [neutral(packet) for packet in first.packets]
    assert second.snapshot == first.snapshot
    assert len(first.statements) == len(set(first.statements))


@pytest.mark.parametrize("group", GROUPS, ids=named)
def test_the_runner_killed_after_any_packet(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    reference = reference_of(group)
    packets = packets_to_cut(reference, reference_of(GROUPS[0]))
    verdicts = [stage.disturb(reference, Blow(packet)) for packet in some(packets, group, 2)]
    expect(verdicts, reference)
    assert group in UNCERTAIN or not any(verdict.asked for verdict in verdicts)


@pytest.mark.parametrize("group", UNCERTAIN, ids=named)
def test_killed_inside_what_cannot_be_told_it_asks(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    """Also when the statement had not been sent: from what is there nobody can see the difference."""
    reference = reference_of(group)
    for marked in reference.marked:
        sent = [stage.disturb(reference, Blow(marked.packet, moment=moment)) for moment in ("before", "sent")]
        expect(sent, reference)
        assert all(verdict.asked for verdict in sent)


@pytest.mark.parametrize("group", UNDOABLE, ids=named)
def test_a_rollback_killed_after_any_packet(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    reference = reference_of(group, "rollback")
    packets = packets_to_cut(reference, reference_of(UNDOABLE[0], "rollback"))
    expect([stage.disturb(reference, Blow(packet)) for packet in some(packets, group, 6)], reference)


@pytest.mark.parametrize("group", [group for group in GROUPS if group.outlives_a_server], ids=named)
def test_the_server_killed_after_a_statement(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    """At once, when it may have done it or not, and when it has answered but the answer never arrives."""
    reference = reference_of(group)
    packets = packets_to_cut(reference, reference_of(GROUPS[0]))
    asking = [packet for packet in packets if reference.packets[packet - 1].command == "query"]
    spoken = some(asking, group, 60)
    verdicts = [stage.disturb(reference, Blow(packet, "server", "answered")) for packet in spoken]
    if group in CERTAIN:  # nobody knows what a marked one has come to
        verdicts += [stage.disturb(reference, Blow(packet, "server")) for packet in spoken]
    expect(verdicts, reference)


@pytest.mark.parametrize("group", CERTAIN, ids=named)
def test_the_network_cut_after_a_packet(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    """The runner lives, and says nothing of the statement but that the connection is lost."""
    reference = reference_of(group)
    packets = some(packets_to_cut(reference, reference_of(GROUPS[0])), group, 25)
    expect([stage.disturb(reference, Blow(packet, "network", ending="reset")) for packet in packets], reference)


@pytest.mark.parametrize("group", CERTAIN, ids=named)
def test_the_repetition_killed_as_well(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    """Killed inside a statement, and then at any packet of the run that looks what became of that statement."""
    reference = reference_of(group)
    first = reference.statements[len(reference.statements) // 2]
    verdicts = [stage.disturb(reference, Blow(first), Blow(second)) for second in some(range(1, 60), group, 8)]
    expect([verdict for verdict in verdicts if "ended before packet" not in verdict.problem], reference)
    assert any(not verdict.problem for verdict in verdicts)


@pytest.mark.parametrize("group", CERTAIN, ids=named)
def test_what_a_dead_runner_sent_arrives_late(group: Group, stage: Stage, reference_of: ReferenceOf) -> None:
    """The next runner is through already; nothing of the dead one's may change what is there."""
    reference = reference_of(group)
    packets = [packet for packet in packets_to_cut(reference, reference_of(GROUPS[0])) if reference.is_journal(packet)]
    expect([stage.late(reference, packet) for packet in some(packets, group, 6)], reference)


def expect(verdicts: list[Verdict], reference: Reference) -> None:
    """Every run came to what the undisturbed one came to."""
    assert verdicts
    lines = report(verdicts, reference)
    if lines:
        pytest.fail(f"{len(lines)} of {len(verdicts)} did not converge:\n" + "\n".join(lines), pytrace=False)
