"""The event that a sale is of: made for it, and removed after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from ticketctl.provision.seed.database import Database
from ticketctl.provision.seed.programme import event as programmed
from ticketctl.provision.seed.write import Writer
from ticketctl.reservations import Reservations
from ticketctl.simulate.places import Places
from ticketctl.simulate.removal import NAME, remove_all
from ticketctl.simulate.sale import Sale

ACTOR = "ticketctl simulate"

_SEATS = (
    "SELECT seat_id, COALESCE(section, ''), COALESCE(`row_number`, '') FROM seats WHERE event_id = %s ORDER BY seat_id"
)
_STRIPE = 10  # neighbours that go on sale together
_BLOCKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SaleEvent:
    """An event that is there.

    Attributes:
        event_id: Its id.
        seat_ids: Its seats, in house order.
        seats: Section, row, and place in the row from 1, of each of them.
        portions: Which of them go on sale when, as `Sale.portions`.
    """

    event_id: int
    seat_ids: tuple[int, ...]
    seats: tuple[tuple[str, str, int], ...]
    portions: tuple[tuple[float, tuple[int, ...]], ...]


@contextmanager
def sale_event(places: Places, sale: Sale, today: date, *, patience: float = 0.0) -> Iterator[SaleEvent]:
    """Make the event of a sale, and remove it at the end of the block.

    Args:
        places: Where the sale is.
        sale: What it is to be.
        today: The day from which dates count.
        patience: Seconds within which a server that was just mended must answer; without, it is said at once that there
            is none.

    Raises:
        BackendError: A server cannot be reached, or refuses.
    """
    remove_all(places, patience=patience)  # those of sales that were killed
    try:
        yield _make(places, sale, today)
    finally:
        remove_all(places)


def dealt(sale: Sale, seat_ids: Sequence[int]) -> tuple[tuple[float, tuple[int, ...]], ...]:
    """Deal seats to the portions of a sale: stripes of neighbours, from everywhere in the house."""
    stripes = [seat_ids[start : start + _STRIPE] for start in range(0, len(seat_ids), _STRIPE)]
    Random(f"flash sale {sale.seed} portions").shuffle(stripes)  # noqa: S311  # nothing is kept secret with it
    order = [seat_id for stripe in stripes for seat_id in stripe]
    found, first = [], 0
    for moment, count in sale.portions:
        found.append((moment, tuple(sorted(order[first : first + count]))))
        first += count
    return tuple(found)


def keep_back(reservations: Reservations, event: SaleEvent) -> None:
    """Block what does not go on sale at the opening."""
    later = [seat_id for _, seat_ids in event.portions[1:] for seat_id in seat_ids]
    for start in range(0, len(later), _BLOCKED_AT_ONCE):
        reservations.block(event.event_id, later[start : start + _BLOCKED_AT_ONCE], actor=ACTOR)


def _make(places: Places, sale: Sale, today: date) -> SaleEvent:
    with Database.opened(places.events) as events, Database.opened(places.inventory) as inventory:
        writer = Writer(events, inventory, is_stopped=lambda: False, written=lambda _: None)
        wanted = replace(programmed(0, sale.seats, seed=sale.seed, today=today), name=NAME, status="ON_SALE")
        (made,) = writer.write((wanted,))
        rows = inventory.rows(_SEATS, made.event_id)
    seat_ids = tuple(int(seat_id) for seat_id, _, _ in rows)
    return SaleEvent(made.event_id, seat_ids, _numbered(rows), dealt(sale, seat_ids))


def _numbered(rows: Sequence[tuple[int, str, str]]) -> tuple[tuple[str, str, int], ...]:
    in_row: Counter[tuple[str, str]] = Counter()
    found = []
    for _, section, row in rows:
        in_row[section, row] += 1
        found.append((section, row, in_row[section, row]))
    return tuple(found)
