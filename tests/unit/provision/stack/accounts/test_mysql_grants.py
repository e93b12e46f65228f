"""Reading SHOW GRANTS and comparing rights."""

from __future__ import annotations

import pytest

from ticketctl.provision.stack.accounts.model import Grant
from ticketctl.provision.stack.accounts.mysql_grants import (
    compare,
    desired_rights,
    grant_statement,
    parse_grants,
    revocable_together,
    revoke_statement,
)


@pytest.mark.parametrize(
    ("line", "scope", "privileges"),
    [
        ("GRANT RELOAD, PROCESS ON *.* TO `a`@`%`", "*.*", {"RELOAD", "PROCESS"}),
        ("GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `a`@`%`", "*.*", {"BACKUP_ADMIN", "CLONE_ADMIN"}),
        ("GRANT SELECT, CREATE ROUTINE ON `e\\_db`.* TO `a`@`%`", "`e\\_db`.*", {"SELECT", "CREATE ROUTINE"}),
        ("GRANT SELECT ON `d`.`t` TO `a`@`%` WITH GRANT OPTION", "`d`.`t`", {"SELECT", "GRANT OPTION"}),
        ("GRANT SELECT (`c`, `d`), INSERT ON `d`.`t` TO `a`@`%`", "`d`.`t`", {"SELECT (`c`, `d`)", "INSERT"}),
        (
            "GRANT SELECT (`) ON x TO y`) ON `a ON b`.`c TO d` TO `a`@`%`",
            "`a ON b`.`c TO d`",
            {"SELECT (`) ON x TO y`)"},
        ),
        ("GRANT EXECUTE ON PROCEDURE `d`.`p` TO `a`@`%`", "PROCEDURE `d`.`p`", {"EXECUTE"}),
        ("GRANT `r`@`%`,`s ON t`@`%` TO `a`@`%` WITH ADMIN OPTION", "", {"`r`@`%`", "`s ON t`@`%`"}),
        ("GRANT PROXY ON ``@`` TO `a`@`%` WITH GRANT OPTION", "``@``", {"PROXY", "GRANT OPTION"}),
        ("GRANT SELECT ON `a``b`.* TO `a``b`@`%`", "`a``b`.*", {"SELECT"}),
    ],
)
def test_each_kind_of_right_is_read(line: str, scope: str, privileges: set[str]) -> None:
    assert parse_grants([line]) == {scope: privileges}


def test_usage_is_no_right() -> None:
    assert parse_grants(["GRANT USAGE ON *.* TO `a`@`%`"]) == {}


def test_rows_of_one_scope_add_up() -> None:
    rows = ["GRANT PROCESS ON *.* TO `a`@`%`", "GRANT CLONE_ADMIN ON *.* TO `a`@`%`"]
    assert parse_grants(rows) == {"*.*": {"PROCESS", "CLONE_ADMIN"}}


@pytest.mark.parametrize("line", ["REVOKE SELECT ON `d`.* FROM `a`@`%`", "", "GRANT"])
def test_what_is_not_understood_is_not_guessed(line: str) -> None:
    with pytest.raises(ValueError, match="not a GRANT statement"):
        parse_grants([line])


def test_equal_rights_need_nothing() -> None:
    wanted = desired_rights([Grant(("SELECT", "INSERT"), "d"), Grant(("PROCESS",))])
    change = compare(wanted, {"`d`.*": frozenset({"INSERT", "SELECT"}), "*.*": frozenset({"PROCESS"})})
    assert (change.revoke, change.grant) == ({}, {})


def test_missing_rights_are_granted_and_extra_ones_revoked() -> None:
    wanted = desired_rights([Grant(("SELECT", "INSERT"), "d")])
    change = compare(wanted, {"`d`.*": frozenset({"SELECT", "DROP"}), "*.*": frozenset({"SUPER"})})
    assert change.revoke == {"`d`.*": ("DROP",), "*.*": ("SUPER",)}
    assert change.grant == {"`d`.*": ("INSERT",)}


def test_after_revoking_all_the_wanted_rights_are_granted_again() -> None:
    wanted = desired_rights([Grant(("SELECT",), "d")])
    change = compare(wanted, {"`d`.*": frozenset({"ALL PRIVILEGES"})})
    assert change.revoke == {"`d`.*": ("ALL PRIVILEGES",)}
    assert change.grant == {"`d`.*": ("SELECT",)}


def test_all_contains_each_but_the_right_to_pass_them_on() -> None:
    wanted = desired_rights([Grant(("ALL PRIVILEGES",), "d")])
    assert compare(wanted, {"`d`.*": frozenset({"SELECT"})}).revoke == {}
    assert compare(wanted, {"`d`.*": frozenset({"SELECT"})}).grant == {"`d`.*": ("ALL PRIVILEGES",)}
    assert compare(wanted, {"`d`.*": frozenset({"ALL PRIVILEGES", "GRANT OPTION"})}).revoke == {
        "`d`.*": ("GRANT OPTION",)
    }


def test_statements() -> None:
    assert grant_statement(("SELECT", "INSERT"), "`d`.*", "'a'@'%'") == "GRANT SELECT, INSERT ON `d`.* TO 'a'@'%'"
    assert revoke_statement(("SELECT",), "`d`.*", "'a'@'%'") == "REVOKE SELECT ON `d`.* FROM 'a'@'%'"
    assert revoke_statement(("`r`@`%`",), "", "'a'@'%'") == "REVOKE `r`@`%` FROM 'a'@'%'"


def test_all_privileges_are_revoked_by_a_statement_of_their_own() -> None:
    parts = revocable_together(("ALL PRIVILEGES", "GRANT OPTION", "SELECT"))
    assert parts == (("GRANT OPTION", "SELECT"), ("ALL PRIVILEGES",))
