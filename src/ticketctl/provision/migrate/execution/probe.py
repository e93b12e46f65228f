"""Did a statement whose outcome is unknown land? Look at what it changes, and try it elsewhere.

Three sets of definitions are compared: as they were before the statement, as they are now, and as the
statement makes them. The last are the server's own: the statement is executed in a scratch schema that
holds copies of what was there before, on the connection of the migration and so under its settings.
What the server normalises, it normalises alike on both sides; texts of files are never compared.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ticketctl.provision.migrate.execution.definitions import neutral_connection
from ticketctl.provision.migrate.execution.trial import Definitions, RefusedError, Trial, UntriedError, hidden_reason
from ticketctl.provision.migrate.syntax.comparable import without_generated_keys
from ticketctl.provision.migrate.syntax.footprint import UNTRIED, Footprint, footprint
from ticketctl.provision.migrate.syntax.lexer import Statement
from ticketctl.settings.endpoints import MysqlEndpoint

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor


Outcome = Literal["landed", "not landed", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What could be found out about a statement.

    Attributes:
        outcome: Whether it was carried out.
        why: What that rests on, or why it cannot be told.
        difference: What differs from what the statement would have made, as a unified diff; may be empty.
    """

    outcome: Outcome
    why: str
    difference: str = ""


def probe(
    connection: Connection[Cursor], endpoint: MysqlEndpoint, statement: Statement, before: Definitions
) -> Finding:
    """Find out whether a statement was carried out; changes nothing in the database.

    Args:
        connection: The migration's connection, with the lock, set up as when the statement was sent. Its
            default database is another one for a moment.
        endpoint: Where it goes, with the database.
        statement: The statement.
        before: The definitions of its footprint, as they were right before it was sent.

    Raises:
        BackendUnreachableError: The server is gone.
    """
    touched = footprint(statement, endpoint.database or "")
    if not touched.tellable:
        return Finding("unknown", f"the definitions cannot tell: {touched.reason}")
    if set(before) != set(touched.objects):
        return Finding("unknown", "the journal has noted the definitions of something else")
    with neutral_connection(endpoint) as neutral:
        trial = Trial(connection, neutral, endpoint, statement=statement, touched=touched)
        now = trial.definitions_now()
        # What is dropped need not be read: whether it is there is enough.
        hidden = hidden_reason(before) or hidden_reason(now)
        if hidden and touched.effect != "drop":
            return Finding("unknown", hidden)
        if any(one.kind in UNTRIED for one in touched.objects):
            return _compared(touched, before, now)
        found = _tried(trial, before, now, before)
        bare = {one: text and without_generated_keys(text) for one, text in before.items()}
        if found.outcome == "unknown" and touched.effect == "alter" and bare != before:
            again = _tried(trial, before, now, bare)
            return again if again.outcome == "landed" else found
    return found


def confirm_existing(connection: Connection[Cursor], endpoint: MysqlEndpoint, statement: Statement) -> Finding:
    """Find out whether what exists is what a `CREATE … IF NOT EXISTS` would have made; changes nothing.

    Args:
        connection: The migration's connection, as it was when the statement was sent. Its default database
            is another one for a moment.
        endpoint: Where it goes, with the database.
        statement: The statement, which the server has answered with a note that the object exists.

    Returns:
        `landed` when they are the same, else `unknown` with the difference.

    Raises:
        BackendUnreachableError: The server is gone.
    """
    touched = footprint(statement, endpoint.database or "")
    if not touched.tellable:
        return Finding("unknown", f"the definitions cannot tell: {touched.reason}")
    with neutral_connection(endpoint) as neutral:
        trial = Trial(connection, neutral, endpoint, statement=statement, touched=touched)
        now = trial.definitions_now()
        hidden = hidden_reason(now)
        if hidden:
            return Finding("unknown", hidden)
        try:
            expected = trial.comparable(trial.run_from_nothing())
        except (RefusedError, UntriedError) as error:
            return Finding("unknown", f"what the statement makes could not be seen: {error}")
    if now == expected:
        return Finding("landed", "what exists is what the statement makes")
    return Finding("unknown", "what exists differs from what the statement makes", _difference(expected, now))


def _compared(touched: Footprint, before: Definitions, now: Definitions) -> Finding:
    """What before and after alone tell, where the statement cannot be tried."""
    gone = all(text is None for text in now.values())
    if touched.effect == "drop" and gone:
        return Finding("landed", f"{_list(touched)}: gone, as the statement wants it")
    if now == before and not (touched.effect == "empty" and gone):
        return Finding("not landed", f"{_list(touched)}: as it was before the statement")
    was_there = any(text is not None for text in before.values())
    if not gone and was_there == (touched.effect == "empty"):
        return Finding("landed", f"{_list(touched)}: no longer as it was before the statement")
    return Finding("unknown", f"{_list(touched)}: neither as it was before the statement nor as it leaves it")


def _tried(trial: Trial, before: Definitions, now: Definitions, copied: Definitions) -> Finding:
    was = trial.comparable(before)
    try:
        expected = trial.comparable(_expected(trial, before, copied))
    except RefusedError as error:
        return _refused(str(error), was, now)
    except UntriedError as error:
        return Finding("unknown", str(error))
    return _judged(trial.touched, was, now, expected)


def _expected(trial: Trial, before: Definitions, copied: Definitions) -> Definitions:
    """Return the definitions that the statement leaves, from what was there before it."""
    touched = trial.touched
    there = [one for one in touched.objects if before[one] is not None]
    missing = [one for one in touched.objects if before[one] is None]
    if touched.effect == "drop":
        if missing and not touched.guarded:
            raise RefusedError(f"there was no {missing[0]}")
        return dict.fromkeys(touched.objects)
    if touched.effect == "create" and there:
        if not touched.guarded:
            raise RefusedError(f"{there[0]} was there already")
        return before
    if touched.effect == "alter":
        return trial.run(before, copied)
    return trial.run_from_nothing()


def _judged(touched: Footprint, before: Definitions, now: Definitions, expected: Definitions) -> Finding:
    if now == expected and now != before:
        return Finding("landed", f"{_list(touched)}: as the statement makes it")
    if now == before and now != expected:
        return Finding("not landed", f"{_list(touched)}: as it was before the statement")
    if now == before and touched.guarded:
        return Finding("not landed", "the statement changes nothing here, and may be repeated")
    if now == before:
        return Finding("unknown", f"{_list(touched)}: the statement makes no difference that could be seen")
    return Finding(
        "unknown",
        f"{_list(touched)}: neither as it was before the statement nor as the statement makes it",
        _difference(expected, now),
    )


def _refused(message: str, before: Definitions, now: Definitions) -> Finding:
    if now == before:
        return Finding("not landed", f"nothing has changed, and the server refuses the statement: {message}")
    return Finding(
        "unknown",
        f"the server refuses the statement ({message}), and yet something has changed since",
        _difference(before, now, was="before the statement"),
    )


def _difference(expected: Definitions, now: Definitions, *, was: str = "as the statement makes it") -> str:
    lines: list[str] = []
    for one, text in now.items():
        lines += difflib.unified_diff(
            (expected[one] or "").splitlines(),
            (text or "").splitlines(),
            f"{one} {was}" if expected[one] is not None else f"no {one} {was}",
            f"{one} now" if text is not None else f"no {one} now",
            lineterm="",
        )
    return "\n".join(lines)


def _list(touched: Footprint) -> str:
    return ", ".join(map(str, touched.objects))
