"""Ask services from outside whether they are ready, without waiting for the engine's next health check."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ticketctl.infra.docker import ContainerState
from ticketctl.provision.stack.definition.service_definition import LABEL_READY_PATH

_TIMEOUT = 2.0
# Seconds between two questions to the same service.
_PAUSE = 0.25
_PARALLEL = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """A service said yes.

    Attributes:
        service: Its name.
        started_at: Which start of its container was asked.
    """

    service: str
    started_at: str


def is_ready(state: ContainerState) -> bool:
    """Ask a container once: does its ready path answer 200 through its published port?

    Args:
        state: A container whose label names the path.
    """
    path = state.labels.get(LABEL_READY_PATH, "")
    if not path or not state.ports:
        return False
    port = state.ports[0]
    connection = http.client.HTTPConnection(port.host_ip or "127.0.0.1", port.host_port, timeout=_TIMEOUT)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Prober:
    """Asks several services again and again while its `with` block runs."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="probe")
        self._asked: dict[str, tuple[ContainerState, float, Future[bool]]] = {}

    def __enter__(self) -> Prober:
        return self

    def __exit__(self, *failure: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, containers: Sequence[ContainerState]) -> list[Answer]:
        """Return who has said yes since the last call, and ask those given (again) if it is time.

        Args:
            containers: Containers that have not said yes yet.
        """
        answers = []
        for name, (state, _, future) in list(self._asked.items()):
            if future.done() and future.result():
                answers.append(Answer(name, state.started_at))
                del self._asked[name]
        now = time.monotonic()
        for state in containers:
            asked = self._asked.get(state.service)
            if asked is None or (asked[2].done() and now - asked[1] >= _PAUSE):
                self._asked[state.service] = (state, now, self._pool.submit(is_ready, state))
        return answers
