"""A transaction from its beginning to a settled end: what is repeated, when it is given up, what is not known.

Every operation may be repeated as a whole. What an earlier try has committed is found by the next one, because each
operation looks at the hold's own rows first: so a COMMIT whose answer was lost is settled by doing it again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from ticketctl.errors import ReservationBackendError, ReservationBusyError, ReservationError
from ticketctl.reservations._faults import Fault, advice, fault_of
from ticketctl.reservations._statements import COMMIT, ROLLBACK
from ticketctl.reservations._steps import Again, Effect, Renew, Running, Sleep, Steps

T = TypeVar("T")


class Patience:
    """How long an operation is tried.

    Args:
        seconds: For how long.
        clock: The monotonic clock.
        tries: How many tries there are at least: a connection that had been idle may be found closed.
    """

    def __init__(self, seconds: float, clock: Callable[[], float], *, tries: int = 2) -> None:
        self._clock = clock
        self._began = clock()
        self._seconds = seconds
        self._tries = tries

    @property
    def waited(self) -> float:
        """Seconds since the beginning."""
        return self._clock() - self._began

    def over(self, tries: int) -> bool:
        """Tell whether there is no other try after so many."""
        return tries >= self._tries and self.waited >= self._seconds


def transaction(
    steps: Callable[[], Steps[T]],
    patience: Patience,
    *,
    what: str,
    hold_id: str | None = None,
    in_doubt: bool = False,
) -> Running[T]:
    """Run steps in a transaction until they are committed, refused by themselves, or given up.

    Args:
        steps: Begins them anew.
        patience: How long it is tried.
        what: What is done, for messages.
        hold_id: Which hold is concerned.
        in_doubt: Whether an earlier transaction may have done it.

    Raises:
        ReservationError: Of the steps themselves: nothing was changed.
        ReservationBusyError: Others had the rows locked all that time.
        ReservationBackendError: MySQL did not answer, or refused.
    """
    tries = 0
    while True:
        tries += 1
        attempt = _Attempt()
        try:
            return (yield from attempt.run(steps()))
        except ReservationError:
            yield from _rolled_back()
            raise
        except Again as error:
            failure: Exception = error
            fault = Fault.LOCKED
        except Exception as error:
            failure, fault = error, fault_of(error)
            if fault is Fault.BUG:
                yield Renew()
                raise
        in_doubt = in_doubt or (fault is Fault.LOST and attempt.committing)
        if fault is Fault.LOST:
            yield Renew()
        else:  # before anything else: whoever uses this connection next would commit what is half done
            yield from _rolled_back()
        if fault is Fault.REFUSED:
            raise _refused(failure, what, hold_id, in_doubt=in_doubt) from failure
        if patience.over(tries):
            raise _given_up(failure, fault, what, hold_id, patience, in_doubt=in_doubt) from failure
        if tries > 1:  # the first try may have met a connection that had been idle for too long
            yield Sleep(random.uniform(0, _longest_pause(fault, tries)))  # noqa: S311  # no secret


class _Attempt:
    """One try."""

    def __init__(self) -> None:
        self.committing = False

    def run(self, steps: Steps[T]) -> Running[T]:
        answer: Any = None
        try:
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as end:
                    result: T = end.value
                    break
                answer = yield step
        finally:
            steps.close()
        self.committing = True
        yield COMMIT
        return result


def _rolled_back() -> Generator[Effect, Any, None]:
    try:
        yield ROLLBACK
    except Exception:  # whatever it is, this connection is of no use any more
        yield Renew()


def _longest_pause(fault: Fault, tries: int) -> float:
    return min(0.5, 0.02 * 2.0**tries) if fault is Fault.LOST else min(0.1, 0.002 * 2.0**tries)


def _refused(error: Exception, what: str, hold_id: str | None, *, in_doubt: bool) -> ReservationBackendError:
    return ReservationBackendError(
        f"MySQL refused: {what}",
        outcome="unknown" if in_doubt else "refused",
        hold_id=hold_id,
        why=_text(error),
        next_step=advice(error),
    )


def _given_up(
    error: Exception, fault: Fault, what: str, hold_id: str | None, patience: Patience, *, in_doubt: bool
) -> ReservationError:
    if fault is not Fault.LOST and not in_doubt:
        return ReservationBusyError(
            f"others were at the same rows for {patience.waited:.3g} s: {what}",
            waited=patience.waited,
            why="" if isinstance(error, Again) else _text(error),
        )
    return ReservationBackendError(
        f"MySQL did not answer: {what}",
        outcome="unknown" if in_doubt else "refused",
        hold_id=hold_id,
        why=_text(error),
        next_step="`lookup` tells later whether it was done; repeating it with the same hold id is safe"
        if in_doubt
        else "nothing was changed; try again",
    )


def _text(error: Exception) -> str:
    return " ".join(map(str, error.args)) or type(error).__name__
