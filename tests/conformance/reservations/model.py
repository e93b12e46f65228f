"""What reservations do, in a few lines that anybody can check: no database, no time but what a test says is over."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Model:
    """Seats of an event and the holds on them.

    Attributes:
        seats: The hold that has each seat, `""` if nobody has it, `"blocked"` if it is not for sale.
        holds: The seats that each hold was made with.
        users: Whose each hold is.
        status: What each hold is: `live`, `over`, `booked`, `back` or `lost`.
        most: How many seats a user may have.
    """

    seats: dict[int, str]
    most: int
    holds: dict[str, tuple[int, ...]] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)

    def free(self, seat: int) -> bool:
        holder = self.seats[seat]
        return holder == "" or self.status.get(holder) in ("over", "lost")

    def has(self, user: str) -> int:
        return sum(
            self.status.get(holder) in ("live", "booked") and self.users[holder] == user
            for holder in self.seats.values()
            if holder
        )

    def take(self, hold: str, seats: tuple[int, ...], status: str) -> None:
        for seat in seats:
            if (before := self.seats[seat]) not in ("", hold):
                self.status[before] = "lost"
            self.seats[seat] = hold
        self.status[hold] = status

    def leave(self, hold: str, status: str) -> None:
        self.seats = {seat: "" if holder == hold else holder for seat, holder in self.seats.items()}
        self.status[hold] = status

    def letters(self) -> str:
        words = {"": "A", "blocked": "X"}
        states = {"live": "R", "over": "A", "booked": "B", "lost": "A"}
        return "".join(words.get(holder) or states[self.status[holder]] for _, holder in sorted(self.seats.items()))
