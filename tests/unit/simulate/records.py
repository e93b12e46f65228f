"""Sales that nobody held, as records: what reports are tested with."""

from __future__ import annotations

from collections import Counter
from random import Random

from ticketctl.provision.seed.venue import house
from ticketctl.reservations.history import Report, Violation
from ticketctl.simulate.breaking import Broken
from ticketctl.simulate.diary import What
from ticketctl.simulate.outages import Outage
from ticketctl.simulate.record import Record, Seen
from ticketctl.simulate.refusals import Refusals
from ticketctl.simulate.sale import Sale
from ticketctl.simulate.schedule import KINDS, planned
from ticketctl.simulate.tally import Second
from ticketctl.simulate.verdict import DoubleSale, Verdict

FIRST_ID = 70_001
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">&amp;'"
"""What a name must not do to a page."""


def record(  # each is one thing that a test may want different
    seats: int = 500,
    *,
    duration: float = 30.0,
    faults: tuple[str, ...] = tuple(KINDS),
    doubles: int = 0,
    text: str = "",
    looks: int = 0,
    seed: int = 1,
) -> Record:
    """Return the record of a sale.

    Args:
        seats: How many are sold.
        duration: Seconds.
        faults: What broke.
        doubles: How many seats were sold twice; with any, the sale is wrong.
        text: Put into whatever is text.
        looks: How many looks at the seats; 0 for two a second.
        seed: Chooses what happens.
    """
    random = Random(seed)  # noqa: S311  # nothing is kept secret with it
    sale = Sale(seats, seats * 4, 4, duration, seed, faults, unsafe="read-then-write" if doubles else None)
    broken = [_broken(sale, number, text) for number in range(len(faults))]
    return Record(
        sale=sale,
        verdict=_verdict(sale, doubles, text, random),
        seconds={number: _second(number, sale, broken, random) for number in range(round(duration) + 4)},
        maps=tuple(_looks(sale, looks or round(duration * 2), random)),
        outages=tuple(Outage(each, random.randrange(500), random.uniform(0.1, 9.0)) for each in broken),
        seat_ids=tuple(range(FIRST_ID, FIRST_ID + seats)),
        places=places(seats, seed, text),
        versions={
            "ticketctl": "0.4.0",
            "Python": "3.12.4",
            "MySQL": "8.4.3",
            "Redis": "7.4.1",
            "machine": "2 cores" + text,
        },
        command=f"ticketctl simulate flash-sale --seats {seats} --seed {seed} --faults all{text}",
        began="2026-05-04T09:00:00Z",
    )


def places(seats: int, seed: int = 1, text: str = "") -> tuple[tuple[str, str, int], ...]:
    rows = house(seats, Random(seed))  # noqa: S311  # nothing is kept secret with it
    return tuple((row.section + text, row.name, number) for row in rows for number in range(1, row.seats + 1))


def _broken(sale: Sale, number: int, text: str) -> Broken:
    due = planned(sale)[number]
    return Broken(due.name, due.title + text, due.at, due.at + max(0.4, due.lasts))


def _verdict(sale: Sale, doubles: int, text: str, random: Random) -> Verdict:
    twice = tuple(
        DoubleSale(
            FIRST_ID + seat,
            tuple((f"{random.getrandbits(128):032x}", f"user-{random.randrange(10**6)}{text}") for _ in range(2)),
            tuple(f"v{version} AVAILABLE -> RESERVED (hold) by user-{version}{text}" for version in range(1, 12)),
        )
        for seat in sorted(random.sample(range(sale.seats), doubles))
    )
    violations = tuple(
        Violation(
            "sold-seat-taken", f"seat {double.seat_id}: version 9 takes what was sold{text}", seat_id=double.seat_id
        )
        for double in twice
    )
    wrong = (f"{doubles} seats sold twice{text}", f"{doubles} violations in the history") if doubles else ()
    return Verdict(
        report=Report(sale.seats * 6, sale.seats, sale.seats * 2, {1: {"BOOKED": sale.seats}}, violations),
        seats=sale.seats,
        sold=sale.seats,
        demand=sale.seats * 5,
        holds=sale.seats * 2,
        buyers=-(-sale.seats // 2),
        doubles=twice,
        refusals=Refusals(sale.seats * 3, 4, 1.25),
        wrong=wrong,
    )


def _second(number: int, sale: Sale, broken: list[Broken], random: Random) -> Second:
    is_broken = any(each.began <= number <= (each.mended or 0.0) for each in broken)
    rate = sale.seats / sale.duration * (0.05 if is_broken else 1.0)
    counts: Counter[What] = Counter(
        {
            "held": round(rate * random.uniform(0.8, 2)),
            "confirmed": round(rate * random.uniform(0.4, 1)),
            "refused": round(rate * random.uniform(2, 30)),
            "failed": random.randrange(300) if is_broken else 0,
            "released": round(rate * 0.2),
            "expired": round(rate * 0.1),
        }
    )
    slow = 400 if is_broken else 1
    waits = [min(20.0, random.lognormvariate(-4.5, 0.7) * slow) for _ in range(min(300, counts.total()))]
    return Second(counts, waits)


def _looks(sale: Sale, count: int, random: Random) -> list[Seen]:
    """Let each seat come on sale, be held now and then, and be booked before the end."""
    begins = [0.0 if random.random() < 0.4 else random.uniform(0, sale.duration * 0.8) for _ in range(sale.seats)]
    ends = [random.uniform(begin, sale.duration) for begin in begins]
    found = []
    for number in range(count):
        at = sale.duration * number / max(1, count - 1)
        letters = (
            "X" if at < begin else "B" if at >= end else "R" if random.random() < 0.25 else "A"
            for begin, end in zip(begins, ends, strict=True)
        )
        found.append(Seen(at, "".join(letters)))
    return found
