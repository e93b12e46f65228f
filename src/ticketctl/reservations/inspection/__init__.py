"""How reservations stand, and whether MySQL and Redis say the same of them.

For people and programs that look after reservations, not for those that make them:
`docs/howto/reservations-on-call.md`. Nothing here locks a row or changes one; `reconcile` changes entries of Redis if
it is told to. MySQL is asked through a DB-API cursor that gives tuples and takes `%s`, on a connection that is in no
transaction. Errors of drivers are passed on as they are.
"""

from ticketctl.reservations.inspection._looking import audit, holds, status
from ticketctl.reservations.inspection._model import (
    EventStatus,
    Example,
    Finding,
    Kind,
    LiveHold,
    Reconciliation,
    SeatChange,
    SeatHistory,
    SeatNow,
)
from ticketctl.reservations.inspection._reading import Cursor
from ticketctl.reservations.inspection._reconciling import reconcile

__all__ = [
    "Cursor",
    "EventStatus",
    "Example",
    "Finding",
    "Kind",
    "LiveHold",
    "Reconciliation",
    "SeatChange",
    "SeatHistory",
    "SeatNow",
    "audit",
    "holds",
    "reconcile",
    "status",
]
