"""What a driver's exception means, by the number that MySQL gave it; drivers themselves are not imported here."""

from __future__ import annotations

from enum import Enum

_LOCKED = {1205: "others had the rows locked for too long", 1213: "two transactions waited for each other"}
# Of the client: 2002 and 2003 cannot connect, 2006 gone, 2013 lost, 2014 out of sync, 2055 lost. Of the server: 1040
# and 1203 too many connections, 1053 shutting down, 1077 shut down, 1927 and 3169 killed, 4031 idle for too long, 1290
# and 1836 read-only: a replica now, its name may lead to another server.
_LOST = {1040, 1053, 1077, 1203, 1290, 1317, 1836, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 3169, 4031}
_DUPLICATE = 1062
_RIGHTS = {1044, 1045, 1142, 1143, 1227, 1370, 1698}
_SCHEMA = {1054, 1146, 1176, 1364}
_OF_THE_DRIVER = ("InterfaceError", "OperationalError")


class Fault(Enum):
    """What can be done about an exception."""

    LOCKED = "begin the transaction anew"
    DUPLICATE = "begin the transaction anew: a row is there that was not"
    LOST = "take another connection, and begin anew"
    REFUSED = "nothing"
    BUG = "not of the database"


def fault_of(error: BaseException) -> Fault:
    """Tell what an exception of a driver means."""
    number = error_number(error)
    if number in _LOCKED:
        return Fault.LOCKED
    if number == _DUPLICATE:
        return Fault.DUPLICATE
    if number in _LOST or isinstance(error, (OSError, EOFError)):
        return Fault.LOST
    if number:
        return Fault.REFUSED
    # A driver that has lost its connection may say so without a number.
    return Fault.LOST if _is_of_a_driver(error) else Fault.BUG


def error_number(error: BaseException) -> int:
    """Return MySQL's number of an error, 0 if it has none."""
    number = error.args[0] if error.args else 0
    return number if type(number) is int else 0


def advice(error: BaseException) -> str:
    """Return what somebody can do about a refusal."""
    number = error_number(error)
    if number in _RIGHTS:
        return "the account needs SELECT, INSERT, UPDATE and DELETE on the inventory database"
    if number in _SCHEMA:
        return "apply the migrations: ticketctl migrate apply --only inventory"
    return ""


def _is_of_a_driver(error: BaseException) -> bool:
    return any(kind.__name__ in _OF_THE_DRIVER for kind in type(error).__mro__)
