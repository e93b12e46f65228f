"""The databases of a run at the same time, each in its thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ticketctl.events import Emit, Event

Result = TypeVar("Result")
PARTING = 2.0  # seconds that the threads of an interrupted run have to end


def one_at_a_time(emit: Emit) -> Emit:
    """Return an emitter that several threads may call; each event is taken whole.

    Args:
        emit: Takes the events.
    """
    guard = threading.Lock()

    def guarded(event: Event) -> None:
        with guard:
            emit(event)

    return guarded


def in_parallel(tasks: Sequence[Callable[[], Result]], *, abort: Callable[[], None]) -> list[Result]:
    """Run tasks at the same time and return their results in order; the first error is raised at the end.

    Args:
        tasks: What to run; a single one runs in the caller's thread.
        abort: Called when the caller is interrupted: makes the tasks fail soon.

    Raises:
        KeyboardInterrupt: The caller was interrupted; tasks that do not end are left behind.
    """
    if len(tasks) == 1:
        return [tasks[0]()]
    threads = [_Task(task) for task in tasks]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        abort()
        for thread in threads:
            thread.join(PARTING)
        raise
    return [thread.result() for thread in threads]


class _Task(threading.Thread, Generic[Result]):
    def __init__(self, task: Callable[[], Result]) -> None:
        super().__init__(daemon=True)  # an interrupted run does not wait for the server
        self._task = task
        self._outcome: list[Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._outcome.append(self._task())
        except BaseException as error:  # raised again in the caller's thread
            self._error = error

    def result(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._outcome[0]
