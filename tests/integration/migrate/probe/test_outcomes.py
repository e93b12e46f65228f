"""Did a statement land? Asked of a real server, with everything that it normalises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from integration.migrate.probe.cases import BASE, CASES, UNTRIED, Case
from integration.migrate.probe.place import Place, parsed
from ticketctl.provision.migrate.execution.probe import Finding

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_tells_whether_a_statement_landed(place: Place, case: Case) -> None:
    statement = parsed(place.text(case.statement))

    def after(done: Sequence[str], settings: Sequence[str] = ()) -> Finding:
        place.reset()
        place.run((*BASE, *case.setup))
        before = place.before(statement)
        place.run(done, settings)
        return place.probed(statement, before, case.session)

    not_run = after(())
    run = after((case.statement,), case.session)
    something_else = after(case.instead, case.session)

    assert (not_run.outcome, not_run.difference) == ("not landed", ""), not_run
    assert (run.outcome, run.difference) == ("landed", ""), run
    assert something_else.outcome == "unknown", something_else
    assert something_else.difference


@pytest.mark.parametrize("case", UNTRIED.values(), ids=UNTRIED)
def test_what_cannot_be_tried_is_told_by_what_was_there(place: Place, case: Case) -> None:
    statement = parsed(place.text(case.statement))
    outcomes = []
    for done in ((), (case.statement,), case.instead):
        place.reset()
        place.run((*BASE, *case.setup))
        before = place.before(statement)
        place.run(done)
        outcomes.append(place.probed(statement, before).outcome)

    assert outcomes == ["not landed", "landed", "unknown" if case.instead else "not landed"]


def test_the_texts_of_files_could_not_be_compared(place: Place) -> None:
    """The negative control: of all statements that create something, the server shows none as it was written."""

    def squeezed(text: str) -> str:
        return "".join(text.replace("`", "").casefold().split())

    creating = {name: case for name, case in CASES.items() if case.statement.startswith("CREATE")}
    as_written = []
    for name, case in creating.items():
        place.reset()
        place.run((*BASE, *case.setup))
        place.run((case.statement,), case.session)
        statement = parsed(place.text(case.statement))
        shown = [text or "" for text in place.before(statement).values()]
        if squeezed(statement.text) in map(squeezed, shown):
            as_written.append(name)

    assert len(creating) > 40
    assert as_written == []
