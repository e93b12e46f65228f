"""Rights in the words of MySQL: read from SHOW GRANTS, compared, and turned into statements (pure).

SHOW GRANTS is read rather than the grant tables, because it speaks the language of GRANT and REVOKE:
each right that it prints can be taken away by the same words, whatever kind of right it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ticketctl.provision.stack.accounts.model import Grant

ALL = "ALL PRIVILEGES"
GRANT_OPTION = "GRANT OPTION"
_NOTHING = "USAGE"
_QUOTED = re.compile(r"`(?:[^`]|``)*`")
_GRANT = re.compile(
    r"GRANT (?P<privileges>.+?)(?: ON (?P<scope>.+?))? TO `+@`+(?: WITH (?P<option>GRANT|ADMIN) OPTION)?"
)
# One privilege, with its columns if it has any; or one role.
_ITEM = re.compile(r"[^,(\s](?:[^,(]|\([^)]*\))*")
_ROLE = ""
"""Scope of a role: it stands for no place."""

Rights = Mapping[str, frozenset[str]]
"""Scope, as it stands after ON, to the privileges there."""


@dataclass(frozen=True, slots=True)
class RightsChange:
    """What has to change about the rights of one account.

    Attributes:
        revoke: Scope to the privileges that it has and should not.
        grant: Scope to the privileges that it should have and has not.
    """

    revoke: Mapping[str, tuple[str, ...]]
    grant: Mapping[str, tuple[str, ...]]


def parse_grants(lines: Iterable[str]) -> Rights:
    """Return the rights that SHOW GRANTS prints for one account.

    Args:
        lines: Its rows.

    Raises:
        ValueError: A row is not a GRANT statement.
    """
    found: dict[str, set[str]] = {}
    for line in lines:
        for scope, privilege in _parse(line):
            found.setdefault(scope, set()).add(privilege)
    return {scope: frozenset(privileges) for scope, privileges in found.items()}


def desired_rights(grants: Iterable[Grant]) -> Rights:
    """Return the rights that an account should have.

    Args:
        grants: As the model describes them; several may share a scope.
    """
    wanted: dict[str, frozenset[str]] = {}
    for grant in grants:
        wanted[grant.scope] = wanted.get(grant.scope, frozenset()) | frozenset(grant.privileges)
    return wanted


def compare(wanted: Rights, present: Rights) -> RightsChange:
    """Return what to revoke and what to grant.

    Args:
        wanted: The rights that there should be.
        present: The rights that there are.
    """
    nothing: frozenset[str] = frozenset()
    revoke = {scope: _excess(wanted.get(scope, nothing), rights) for scope, rights in present.items()}
    # REVOKE ALL takes the wanted ones along: they are granted again.
    left = {scope: nothing if ALL in revoke.get(scope, ()) else rights for scope, rights in present.items()}
    grant = {scope: tuple(sorted(rights - left.get(scope, nothing))) for scope, rights in wanted.items()}
    return RightsChange(_without_empty(revoke), _without_empty(grant))


def grant_statement(privileges: Iterable[str], scope: str, account: str) -> str:
    """Return a GRANT statement for privileges on a scope."""
    return f"GRANT {', '.join(privileges)} ON {scope} TO {account}"


def revoke_statement(privileges: Iterable[str], scope: str, account: str) -> str:
    """Return a REVOKE statement for privileges on a scope, or for roles."""
    place = f" ON {scope}" if scope != _ROLE else ""
    return f"REVOKE {', '.join(privileges)}{place} FROM {account}"


def revocable_together(privileges: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Split privileges into what one REVOKE takes: it wants ALL PRIVILEGES alone."""
    names = tuple(privileges)
    lists = (tuple(name for name in names if name != ALL), tuple(name for name in names if name == ALL))
    return tuple(part for part in lists if part)


def _excess(wanted: frozenset[str], present: frozenset[str]) -> tuple[str, ...]:
    if ALL in wanted:
        return (GRANT_OPTION,) if GRANT_OPTION in present and GRANT_OPTION not in wanted else ()
    return tuple(sorted(present - wanted))


def _without_empty(changes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {scope: privileges for scope, privileges in changes.items() if privileges}


def _parse(line: str) -> Iterator[tuple[str, str]]:
    # Names may hold anything, so the words between them are looked for where no name stands.
    masked = _QUOTED.sub(lambda name: "`" * len(name.group()), line)
    shape = _GRANT.fullmatch(masked)
    if shape is None:
        raise ValueError(f"not a GRANT statement: {line}")
    scope = line[slice(*shape.span("scope"))] if shape["scope"] else _ROLE
    start = shape.start("privileges")
    for item in _ITEM.finditer(shape["privileges"]):
        privilege = line[start + item.start() : start + item.end()]
        if privilege != _NOTHING:
            yield scope, privilege
    if shape["option"] == "GRANT":
        yield scope, GRANT_OPTION
