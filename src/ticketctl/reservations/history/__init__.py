"""A checker of histories: was a seat ever with two at once, was a hold lost, was a limit passed?

Every change of a seat writes one row of `seat_audit` in its own transaction, with the seat's version after it (decision
0012). So the rows of a seat, by version, are what was committed, in the order in which it was: the state after each
commit can be looked at, and not only the last one.

    with connection.cursor() as cursor:
        report = check(read(cursor, event_id))
    print(report.text())

What is checked:

1. each seat's changes: versions without a gap, each change begins where the one before ended, by a word that there is,
   with the hold that has the seat; a live hold is not taken, and not expired before its end;
2. the rows of `seats` and `reservations` are what the last changes left, one live reservation for a seat at most;
3. an event has as many seats as it should, each in one status;
4. a hold's seats are all held, and all change together;
5. limits, at each grant;
6. what callers were told.

The rules that compare times say why they raise no false alarm: `_seats` and `_stays`. What a history cannot show: a
change of `seats` that was made and undone by something that writes no audit.
"""

from ticketctl.reservations._model import Limits
from ticketctl.reservations.history._check import check
from ticketctl.reservations.history._report import Kind, Report, Violation
from ticketctl.reservations.history._rows import (
    AsyncCursor,
    Change,
    Cursor,
    History,
    ReservationRow,
    SeatRow,
    aread,
    read,
)
from ticketctl.reservations.history._told import Answer, Told

__all__ = [
    "Answer",
    "AsyncCursor",
    "Change",
    "Cursor",
    "History",
    "Kind",
    "Limits",
    "Report",
    "ReservationRow",
    "SeatRow",
    "Told",
    "Violation",
    "aread",
    "check",
    "read",
]
