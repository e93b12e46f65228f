"""Carry out an engine plan, step by step; nothing is decided here."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping

from ticketctl.errors import EngineUnavailableError, HostSetupError
from ticketctl.events import Emit, Progress
from ticketctl.provision.host.apt import Apt
from ticketctl.provision.host.daemon import last_lines, start_daemon
from ticketctl.provision.host.model import HostState
from ticketctl.provision.host.observe import answers_root, observe_answer, program_of, read_pid_file
from ticketctl.provision.host.packages import with_system_folders
from ticketctl.provision.host.plan import (
    OPTIONAL_PACKAGES,
    AdmitUser,
    AwaitEngine,
    EnginePlan,
    InstallEngine,
    RemoveDeadSocket,
    RemoveStaleFile,
    StartEngine,
)
from ticketctl.provision.host.privilege import root_prefix

STEP = "engine"
PATIENCE = 60.0
"""Seconds until a started engine answers; it restores containers and networks first."""
_PAUSE = 0.1
_COMMAND_PATIENCE = 120.0


class Execution:
    """One run of a plan.

    Args:
        state: What the plan was made from.
        environ: The environment.
        emit: Where progress goes.
        patience: Seconds until the engine has to answer.
    """

    def __init__(self, state: HostState, *, environ: Mapping[str, str], emit: Emit, patience: float = PATIENCE) -> None:
        self._state = state
        self._environ = environ
        self._emit = emit
        self._patience = patience
        self._prefix = root_prefix(state.privilege)
        self._pid: int | None = None

    def run(self, plan: EnginePlan) -> None:
        """Carry out the plan.

        Raises:
            HostSetupError: A step failed.
            DiskFullError: There is no room for the packages.
            EngineUnavailableError: The engine was started and does not answer.
        """
        for step in plan.steps:
            match step:
                case InstallEngine(packages):
                    self._install(packages)
                case RemoveStaleFile(path, _) | RemoveDeadSocket(path):
                    self._as_root("rm", "-f", "--", str(path))
                    self._progress(path.name, "removed", "left behind by an engine that was killed")
                case StartEngine(systemd, _):
                    self._start(systemd=systemd)
                case AdmitUser(user):
                    self._as_root("usermod", "--append", "--groups", "docker", user)
                    self._progress(user, "admitted", "a member of the docker group from the next login on")
                case AwaitEngine(address):
                    self._await(address)

    def _install(self, packages: tuple[str, ...]) -> None:
        apt = Apt(self._prefix, environ=with_system_folders(self._environ), emit=self._emit, step=STEP)
        apt.update()
        apt.install((*packages, *(name for name in OPTIONAL_PACKAGES if apt.knows(name))))

    def _start(self, *, systemd: bool) -> None:
        """Start the engine, unless its package's own script has done so meanwhile."""
        current = read_pid_file(self._state.files.pid_file, self._state.privilege)
        if current is not None and current.program == "dockerd":
            return
        self._progress("dockerd", "starting")
        if systemd:
            self._as_root("systemctl", "start", "docker")
            return
        program = shutil.which("dockerd", path=with_system_folders(self._environ)["PATH"])
        if program is None:
            raise HostSetupError(
                "the engine's package has no dockerd",
                why="it was installed without an error, and there is no such program",
                next_step="install Docker Engine by hand, then run the same command again",
            )
        self._pid = start_daemon(program, self._state.files, self._state.privilege, self._environ)

    def _await(self, address: str) -> None:
        deadline = time.monotonic() + self._patience
        while not self._answers():
            ended = self._pid is not None and not program_of(self._pid)
            if ended or time.monotonic() > deadline:
                raise self._unavailable(address, ended=ended)
            time.sleep(_PAUSE)
        self._progress("dockerd", "answers")

    def _answers(self) -> bool:
        answer, _ = observe_answer(self._environ)
        if answer == "refused":  # for this user, until the next login
            return answers_root(self._state.files.socket, self._state.privilege)
        return answer == "answers"

    def _unavailable(self, address: str, *, ended: bool) -> EngineUnavailableError:
        verdict = "ended at once" if ended else f"did not answer within {self._patience:.0f} s"
        if self._pid is None:
            return EngineUnavailableError(
                f"the Docker Engine at {address} {verdict}",
                why="it was started by its service, or by somebody else",
                next_step="`journalctl -u docker`, or the engine's log file, says more",
            )
        log = self._state.files.log
        return EngineUnavailableError(
            f"dockerd was started and {verdict}", why=last_lines(log), next_step=f"its whole log is in {log}"
        )

    def _as_root(self, *command: str) -> None:
        try:
            done = subprocess.run(
                [*self._prefix, *command],
                env=with_system_folders(self._environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise HostSetupError(
                f"`{command[0]}` failed", why=str(error), next_step="correct that, then again"
            ) from error
        if done.returncode != 0:
            raise _failed(command, (done.stderr or done.stdout).strip()[-1000:])

    def _progress(self, item: str, state: str, detail: str = "") -> None:
        self._emit(Progress(STEP, item, state, detail))


def _failed(command: tuple[str, ...], why: str) -> HostSetupError:
    return HostSetupError(
        f"`{' '.join(command)}` failed", why=why, next_step="correct that, then run the same command again"
    )
