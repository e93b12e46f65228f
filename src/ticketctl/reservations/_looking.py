"""What is read without changing anything: the seats of a hold, the map of an event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ticketctl.reservations._model import Seat
from ticketctl.reservations._steps import Answer, Statement, Steps

_LETTERS: Final = {"A": "AVAILABLE", "R": "RESERVED", "B": "BOOKED", "X": "BLOCKED"}
_LETTER_OF: Final = {**{state: letter for letter, state in _LETTERS.items()}, "OVER": "A"}
# GROUP_CONCAT cuts what is longer than this, silently, so it is set for the statement: 20 characters for a million
# seats.
_LONGEST = 64 * 1024 * 1024


class SeatMap(Mapping[int, str]):
    """The state of every seat of an event at one moment, by its id: `AVAILABLE`, `RESERVED`, `BOOKED` or `BLOCKED`.

    A seat whose hold is over is `AVAILABLE`. The server sends the numbers of those that are not free, which takes a
    fraction of the time of a row for each seat.

    Attributes:
        event_id: The event.
        letters: One letter for each seat, in the order of their ids: A, R, B, or X for blocked.
    """

    def __init__(self, event_id: int, seat_ids: Sequence[int], letters: str) -> None:
        self.event_id = event_id
        self.letters = letters
        self._seat_ids = seat_ids
        self._places: dict[int, int] | None = None

    @property
    def seat_ids(self) -> Sequence[int]:
        """The seats, ascending: those that `letters` stand for."""
        return self._seat_ids

    def counts(self) -> dict[str, int]:
        """Return how many seats are in each state."""
        letters = Counter(self.letters)
        return {state: letters.get(letter, 0) for letter, state in _LETTERS.items()}

    def __getitem__(self, seat_id: int) -> str:
        return _LETTERS[self.letters[self._place(seat_id)]]

    def __iter__(self) -> Iterator[int]:
        return iter(self._seat_ids)

    def __len__(self) -> int:
        return len(self.letters)

    def __repr__(self) -> str:
        return f"<SeatMap of event {self.event_id}: {self.counts()}>"

    def _place(self, seat_id: int) -> int:
        if isinstance(self._seat_ids, range):
            if seat_id not in self._seat_ids:
                raise KeyError(seat_id)
            return seat_id - self._seat_ids.start
        if self._places is None:
            self._places = {seat: place for place, seat in enumerate(self._seat_ids)}
        return self._places[seat_id]


def seat_map(event_id: int) -> Steps[SeatMap]:
    """Read the state of every seat of an event.

    By state, from an index that holds nothing else, and without the ids of those that are free: to make one text of all
    seats in their order, the server would look into each of their rows. Holds that are over come with it in one
    statement, which is one moment under any isolation.
    """
    answer: Answer = yield Statement(
        f"SELECT /*+ SET_VAR(group_concat_max_len = {_LONGEST}) */ status, COUNT(*), MIN(seat_id), MAX(seat_id),"
        " GROUP_CONCAT(IF(status = 'AVAILABLE', NULL, seat_id)) FROM seats FORCE INDEX (idx_event_status)"
        " WHERE event_id = %s GROUP BY status"
        " UNION ALL SELECT 'OVER', 0, NULL, NULL, GROUP_CONCAT(seat_id)"
        " FROM seats FORCE INDEX (idx_event_status, idx_reserved_until)"
        " WHERE event_id = %s AND status = 'RESERVED' AND reserved_until <= UTC_TIMESTAMP(6)",
        (event_id, event_id),
        reads=True,
    )
    found = [(_text(state), *numbers, listed) for state, *numbers, listed in answer.rows]
    states = [row for row in found if row[0] != "OVER"]
    if not states:
        return SeatMap(event_id, range(0), "")
    first, last = min(row[2] for row in states), max(row[3] for row in states)
    seat_ids: Sequence[int] = range(first, last + 1)
    if len(seat_ids) != sum(row[1] for row in states):  # others' seats lie between
        answer = yield Statement(
            "SELECT seat_id FROM seats FORCE INDEX (idx_event_status) WHERE event_id = %s", (event_id,), reads=True
        )
        seat_ids = sorted(int(seat_id) for (seat_id,) in answer.rows)
    over_comes_last = sorted(found, key=lambda row: row[0] == "OVER")
    return SeatMap(event_id, seat_ids, _letters(seat_ids, [(row[0], row[4]) for row in over_comes_last]))


def seats_of(hold_id: str) -> Steps[tuple[Seat, ...]]:
    """Read the seats of a hold, as people know them."""
    answer: Answer = yield Statement(
        "SELECT seat_id, seat_number, section, `row_number`, seat_type, price"
        " FROM reservations FORCE INDEX (uk_hold_position) JOIN seats USING (seat_id)"
        " WHERE reservations.hold_id = %s ORDER BY seat_id",
        (hold_id,),
        reads=True,
    )
    return tuple(Seat(*row) for row in answer.rows)


def _letters(seat_ids: Sequence[int], states: Iterable[tuple[str, str | bytes | None]]) -> str:
    """Return the letters of seats, most of which are free, from texts of the numbers of those that are not."""
    letters = bytearray(b"A") * len(seat_ids)
    first = seat_ids[0] if seat_ids else 0
    places = None if isinstance(seat_ids, range) else {seat_id: place for place, seat_id in enumerate(seat_ids)}
    for state, listed in states:
        letter = ord(_LETTER_OF[state])
        for seat_id in map(int, _text(listed).split(",")) if listed else ():
            place = seat_id - first if places is None else places.get(seat_id)
            if place is not None:
                letters[place] = letter
    return letters.decode()


def _text(value: str | bytes) -> str:
    """Return a text that some drivers give as bytes."""
    return value if isinstance(value, str) else bytes(value).decode()
