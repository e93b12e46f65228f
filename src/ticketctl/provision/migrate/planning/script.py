"""A plan as SQL for the `mysql` client, for somebody who runs it by hand (pure).

The client gets every statement as a run would send it. What a run has by itself is written out: the
character set and time zone of the connection, the database, what a resumed file has to repeat, and,
as each file finds a new connection, what takes back the settings of the one before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ticketctl.infra.mysql import quote_identifier
from ticketctl.provision.migrate.planning.plan import DatabasePlan, Plan, Step
from ticketctl.provision.migrate.source.targets import Target
from ticketctl.provision.migrate.syntax.lexer import Statement, TokenKind, tokenize
from ticketctl.provision.migrate.syntax.session_reset import CHARSET, TIME_ZONE, resets
from ticketctl.provision.migrate.syntax.session_values import LAST_INSERT_ID, to_value
from ticketctl.provision.migrate.syntax.units import with_explicit_drops

_DELIMITERS = ("$$", "//", ";;", "%%", "##ticketctl##")
# The client reads on behind the end of such a comment; the server does not.
_CUT_DIFFERENTLY = re.compile(r"/\*(?![!+]).*(?:/\*!|/\*/)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Script:
    """A plan as SQL.

    Attributes:
        text: What the client is to read.
        notices: What its reader should know before, in sentences.
    """

    text: str
    notices: tuple[str, ...]


def script_of(plan: Plan, targets: Sequence[Target]) -> Script:
    """Return a plan as SQL.

    Args:
        plan: It.
        targets: Its databases with their files, in the same order.
    """
    lines = [
        "-- Written by `ticketctl migrate plan --sql`, to be run by hand:",
        "--   mysql --default-character-set=utf8mb4 --comments < THIS_FILE",
        "-- The client stops at the first error. Nothing is recorded by running it; how to do that is said",
        "-- at the end of each database.",
        f"{CHARSET};",
        f"{TIME_ZONE};",
    ]
    notices: list[str] = []
    before: tuple[str, ...] = ()
    for planned, target in zip(plan.databases, targets, strict=True):
        notices += _notices(planned)
        lines += ["", f"-- {planned.key} ({planned.database}): {_count(planned)}"]
        if planned.creates_database:
            lines.append(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(planned.database)} CHARACTER SET utf8mb4;")
        steps = [step for step in planned.steps if not step.running_by]
        if steps:
            lines.append(f"USE {quote_identifier(planned.database)};")
        for step in steps:
            statements = with_explicit_drops(_statements(target, step))
            notices += _cut_differently(step, statements)
            lines += _take_back(before)
            lines += _step(step, statements)
            before = resets(statements)
        if steps:
            marks = " ".join(f"--mark {step.name}" for step in steps)
            lines += ["", "-- When all of this has run, record it:"]
            lines += [f"--   ticketctl migrate repair {planned.key} {marks}"]
    return Script("\n".join(lines) + "\n", tuple(notices))


def _count(planned: DatabasePlan) -> str:
    count = len(planned.steps)
    return f"{count} migration{'s' if count != 1 else ''}" if count else "nothing to apply"


def _statements(target: Target, step: Step) -> Sequence[Statement]:
    return next(migration for migration in target.migrations if migration.name == step.name).up.statements


def _step(step: Step, statements: Sequence[Statement]) -> Iterator[str]:
    begin = f", from statement {step.first} of {step.total} on" if step.first > 1 else ""
    yield ""
    yield f"-- {step.name}  {step.path}{begin}"
    if step.repeat or step.values:
        yield "-- Statements before it have set up the connection:"
        for position in step.repeat:
            yield _sent(statements[position - 1].text)
        yield from _values(step.values)
    if step.looks_first:
        yield "-- An earlier run has sent the next statement, and may have carried it out. Then leave it out."
    for statement in statements[step.first - 1 :]:
        yield _sent(statement.text)


def _take_back(statements: Sequence[str]) -> Iterator[str]:
    if statements:
        yield ""
        yield "-- As on a new connection:"
        yield from (_sent(statement) for statement in statements)


def _sent(text: str) -> str:
    """A statement with its delimiter, so that the client cuts it nowhere else."""
    if ";" not in text:
        return f"{text};"
    delimiter = next((one for one in _DELIMITERS if one not in text), "") or _unused(text)
    return f"DELIMITER {delimiter}\n{text}\n{delimiter}\nDELIMITER ;"


def _unused(text: str) -> str:
    return next(f"//{number}//" for number in range(len(text) + 1) if f"//{number}//" not in text)


def _values(values: str | None) -> Iterator[str]:
    for name, described in json.loads(values).items() if values else ():
        assigned = "last_insert_id" if name == LAST_INSERT_ID else name
        yield f"SET {assigned} = {_literal(to_value(described))};"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return f"_utf8mb4 X'{value.encode().hex()}'"  # whatever the sql_mode says of backslashes
    return str(value)


def _notices(planned: DatabasePlan) -> Iterator[str]:
    for step in planned.steps:
        if step.running_by:
            yield f"{planned.key}: {step.name} is left out, as it is in the hands of {step.running_by}"
        if step.looks_first:
            yield (
                f"{planned.key}: nobody knows yet whether statement {step.first} of {step.name} was carried out; "
                "`ticketctl migrate apply` would look, the script cannot"
            )
    if planned.taken_over:
        names = ", ".join(planned.taken_over)
        yield f"{planned.key}: {names} was applied by yoyo; `ticketctl migrate apply` takes that into the journal"


def _cut_differently(step: Step, statements: Sequence[Statement]) -> Iterator[str]:
    for statement in statements[step.first - 1 :]:
        for token in tokenize(statement.text) if "/*" in statement.text else ():
            if token.kind is TokenKind.COMMENT and _CUT_DIFFERENTLY.match(token.text):
                yield (
                    f"{step.path}:{statement.line}: the mysql client does not see the end of a comment in this "
                    "statement, in which another one seems to begin; remove the comment"
                )
