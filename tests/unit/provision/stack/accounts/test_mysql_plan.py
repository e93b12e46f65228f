"""The plan for a MySQL server, as text."""

from __future__ import annotations

from ticketctl.provision.stack.accounts.model import Grant, MysqlAccount, MysqlServerAccounts
from ticketctl.provision.stack.accounts.mysql_grants import desired_rights
from ticketctl.provision.stack.accounts.mysql_plan import ObservedAccount, ObservedServer, plan_mysql

BOOKING = MysqlAccount("booking", "SERVICE_BOOKING_PASSWORD", (Grant(("SELECT", "INSERT"), "bookings\\_db"),))
DESIRED = MysqlServerAccounts("mysql", {"bookings": "bookings_db"}, (BOOKING,))
RIGHT = ObservedAccount(locked=False, marked=True, rights=desired_rights(BOOKING.grants), password_accepted=True)


def plan(*databases: str, **accounts: ObservedAccount) -> list[str]:
    return [str(step) for step in plan_mysql(DESIRED, ObservedServer(frozenset(databases), accounts))]


def test_an_empty_server_gets_everything() -> None:
    assert plan() == [
        "create database bookings_db",
        "create account booking",
        "grant INSERT, SELECT on bookings_db.* to booking",
    ]


def test_a_server_that_is_right_gets_nothing() -> None:
    assert plan("bookings_db", booking=RIGHT) == []


def test_each_difference_is_one_line() -> None:
    wrong = ObservedAccount(locked=True, marked=False, rights={"*.*": frozenset({"SUPER"})}, password_accepted=False)
    assert plan("bookings_db", booking=wrong) == [
        "take over account booking",
        "set password of booking",
        "unlock account booking",
        "revoke SUPER on *.* from booking",
        "grant INSERT, SELECT on bookings_db.* to booking",
    ]


def test_many_privileges_are_counted_and_not_listed() -> None:
    rights = {**RIGHT.rights, "*.*": frozenset(f"RIGHT_{number}" for number in range(7))}
    observed = ObservedAccount(locked=False, marked=True, rights=rights, password_accepted=True)
    assert plan("bookings_db", booking=observed) == ["revoke 7 privileges on *.* from booking"]


def test_an_account_that_nothing_uses_is_locked_once_and_only_if_it_is_ours() -> None:
    def unused(*, marked: bool, locked: bool) -> ObservedAccount:
        return ObservedAccount(locked=locked, marked=marked, rights={}, password_accepted=False)

    assert plan(
        "bookings_db",
        booking=RIGHT,
        gone=unused(marked=True, locked=False),
        locked=unused(marked=True, locked=True),
        foreign=unused(marked=False, locked=False),
    ) == ["lock account gone: nothing in ticketctl.yaml uses it on mysql any more"]


def test_statements_hold_the_place_of_a_password_and_never_the_password() -> None:
    steps = plan_mysql(DESIRED, ObservedServer(frozenset({"bookings_db"}), {}))
    create = steps[0]
    assert (create.before, create.password_variable, create.after) == (
        "CREATE USER 'booking'@'%' IDENTIFIED BY ",
        "SERVICE_BOOKING_PASSWORD",
        ' ATTRIBUTE \'{"ticketctl": "account"}\'',
    )
