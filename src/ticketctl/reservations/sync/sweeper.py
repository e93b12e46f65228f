"""The sweeper, for threads."""

from __future__ import annotations

import contextlib
import threading

from ticketctl.errors import LockBackendError
from ticketctl.locks import Leader, Locker
from ticketctl.reservations._pace import CAMPAIGN, OFFICE, PASSING, Pace
from ticketctl.reservations.sync.reservations import Reservations


class Sweeper:
    """Writes down again and again which holds are over, in one process of all that run it.

    Nothing depends on it. A hold is over by the database's clock, whoever wants its seats takes them, and two sweepers
    at a time do the same as one. Without any, the tables say RESERVED of seats that are free, and other services are
    not told that a hold ran out before somebody else takes its seats.

    Processes that run it elect one; when that one dies, another one follows after `ttl` seconds at most. One that
    cannot do its work lets another one try.

    Args:
        reservations: Whose seats are tidied.
        locker: Elects.
        interval: Seconds between two passes; there is no pause while passes are full.
        most: Seats of a pass.
        ttl: Seconds after which another process follows one that died.
        office: What is elected for. Inventories that share a Redis for locks must not share an office.

    Example:
        >>> sweeper = Sweeper(seats, locker)  # doctest: +SKIP
        >>> threading.Thread(target=sweeper.run, name="sweeper").start()  # doctest: +SKIP
        >>> sweeper.stop()  # doctest: +SKIP
    """

    def __init__(
        self,
        reservations: Reservations,
        locker: Locker,
        *,
        interval: float = 1.0,
        most: int = 500,
        ttl: float = 10.0,
        office: str = OFFICE,
    ) -> None:
        self._reservations = reservations
        self._pace = Pace(interval, most)
        self._leader = Leader(locker, office, ttl)
        self._stopped = threading.Event()

    @property
    def is_leader(self) -> bool:
        """Whether this process is the one that sweeps."""
        return self._leader.is_leader

    def run(self) -> None:
        """Sweep until `stop`, over failures of MySQL and Redis, which are logged."""
        try:
            while not self._stopped.is_set():
                self._stopped.wait(self._pass())
        finally:
            self._resign()

    def stop(self) -> None:
        """Let `run` return after what it is at, within a second or two; it is not run again. For any thread."""
        self._stopped.set()

    def _pass(self) -> float:
        """Sweep once if elected, and return the seconds until the next time."""
        try:
            if not self._leader.campaign(CAMPAIGN):
                self._pace.passed_over()
                return 0.0
            self._pace.elected()
            return self._pace.swept(self._reservations.sweep(self._pace.most))
        except PASSING as error:
            self._resign()
            return self._pace.failed(error)

    def _resign(self) -> None:
        with contextlib.suppress(LockBackendError):  # the lease runs out
            self._leader.resign()
