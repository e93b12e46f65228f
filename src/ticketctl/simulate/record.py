"""What is known of a sale when it is over: what its report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ticketctl.simulate.diary import What
from ticketctl.simulate.outages import Outage
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.tally import Second, percentile
from ticketctl.simulate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Seen:
    """How the seats stood at a moment.

    Attributes:
        at: Seconds after the opening.
        letters: A letter for each seat, in house order, as `SeatMap.letters`: `A` free, `R` held, `B` booked, `X` not
            on sale.
    """

    at: float
    letters: str


@dataclass(frozen=True, slots=True)
class Record:
    """A sale that is over.

    Attributes:
        sale: What it was asked to be.
        verdict: Whether it was right.
        seconds: What happened in each second, by its number after the opening.
        maps: How the seats stood, about twice a second.
        outages: What broke, in order, and what buyers noticed of it.
        seat_ids: Each seat, in house order.
        places: Section, row and position of each seat, in house order.
        versions: Of what took part, by name: `ticketctl`, `Python`, `MySQL`, `Redis`, `machine`.
        command: The command that does it again.
        began: When it opened, as people read it: ISO 8601 with `Z`.
    """

    sale: Sale
    verdict: Verdict
    seconds: Mapping[int, Second]
    maps: tuple[Seen, ...]
    outages: tuple[Outage, ...]
    seat_ids: tuple[int, ...]
    places: tuple[tuple[str, str, int], ...]
    versions: Mapping[str, str]
    command: str
    began: str

    def place(self, seat_id: int) -> str:
        """Return where a seat is, for people."""
        section, row, position = self.places[self.seat_ids.index(seat_id)]
        return f"{section}, row {row}, seat {position}"

    def counts(self) -> Counter[What]:
        """Return how many requests came to what."""
        return sum((second.counts for second in self.seconds.values()), Counter())

    def wait(self, share: float) -> float | None:
        """Return how many seconds so large a share of the answers took at most; None if there was none."""
        return percentile([wait for second in self.seconds.values() for wait in second.waits], share)
