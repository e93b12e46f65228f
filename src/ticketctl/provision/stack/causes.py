"""Likely causes, read from what a failed service left behind: a table of what is known to go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ticketctl.infra.docker import ContainerState

_RESET = "`ticketctl reset` starts with empty volumes (it asks first, and deletes the data)"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a service probably failed.

    Attributes:
        text: The cause, one sentence.
        next_step: What to do about it.
    """

    text: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a failed service left behind.

    Attributes:
        state: Its container at the end.
        lines: Its last log lines.
        reason: Why the judge gave it up.
    """

    state: ContainerState
    lines: tuple[str, ...]
    reason: str

    @property
    def service(self) -> str:
        """Name of the service."""
        return self.state.service

    @property
    def text(self) -> str:
        """Everything in which a known message may stand, the likeliest place last."""
        probe = self.state.probe.output if self.state.probe else ""
        return "\n".join((probe, *self.lines, self.state.error))


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A known message. `{0}`, `{1}` in its texts are the groups of the match, `{service}` the service."""

    regex: str
    text: str
    next_step: str


# The order matters: what explains others comes first.
_PATTERNS = (
    _Pattern(
        r"(?:port is already allocated|address already in use|Bind for \S+ failed)",
        "its port on this machine is taken by something else",
        "`ticketctl doctor` names who holds it; the next `ticketctl up` takes another unless `ports.fixed` forbids",
    ),
    _Pattern(
        r"vm\.max_map_count \[?(\d+)\]? is too low",
        "the kernel's vm.max_map_count is {0}, Elasticsearch needs 262144",
        "`sudo sysctl -w vm.max_map_count=262144`, and in /etc/sysctl.d/ to keep it",
    ),
    _Pattern(
        r"No space left on device|(?:OS )?errno:? 28\b|disk quota exceeded|disk is full",
        "the disk is full",
        "free room (`docker system df` shows what takes it), then `ticketctl up`",
    ),
    _Pattern(
        r"(?:flood stage|high) disk watermark \[",
        "the disk is nearly full, and Elasticsearch refuses to write (watermark)",
        "free room (`docker system df` shows what takes it), then `ticketctl up`",
    ),
    _Pattern(
        r"docker-entrypoint-initdb\.d/(\S+)[\s\S]*?\b(ERROR \d+ \(\w+\) at line \d+[^\n]*)",
        "the init script {0} failed: {1}",
        "correct the script; it runs on an empty volume only: " + _RESET,
    ),
    _Pattern(
        r"Access denied for user '([^']+)'",
        "MySQL refused the password of `{0}`: the data may be older than the passwords in compose/.env",
        "put back the compose/.env that belongs to the data; " + _RESET,
    ),
    _Pattern(
        r"WRONGPASS|NOAUTH|invalid username-password pair",
        "Redis refused the login: a container may run with other passwords than compose/.env has",
        "`ticketctl status` shows what differs; `ticketctl up` makes changed containers anew",
    ),
    _Pattern(
        r"unable to authenticate user \[([^\]]+)\]|failed to authenticate user \[([^\]]+)\]",
        "Elasticsearch refused the password of `{0}`: the data may be older than the passwords in compose/.env",
        "put back the compose/.env that belongs to the data; " + _RESET,
    ),
    _Pattern(
        r"exec format error",
        "its image is for another processor architecture",
        "name an image for this machine under `images` or `services.{service}.image` in ticketctl.yaml",
    ),
    _Pattern(
        r'exec: "([^"]+)": (?:executable file not found|stat \S+: no such file)|'
        r"exec (\S+?):? (?:failed: )?[Nn]o such file or directory",
        "its image has no program `{0}`",
        "correct the image or its command; `ticketctl images list` shows which image is used and why",
    ),
    _Pattern(
        r"No such image:? (\S+)|pull access denied for (\S+?),|manifest (?:for (\S+) not found|unknown)",
        "its image is not here, and no registry gave it: {0}",
        "`ticketctl images build`, or correct `images` in ticketctl.yaml",
    ),
    _Pattern(
        r"Unable to lock \S*ibdata1|failed to obtain node locks|Another process is using",
        "another server works on the same volume",
        "end the other one; `docker ps --filter volume=<name>` finds it",
    ),
    _Pattern(
        r"Invalid MySQL server (?:upgrade|downgrade)[^\n]*|Unsupported redo log format|"
        r"cannot (?:downgrade|upgrade) a node from version \[[^\]]+\] (?:directly )?to version \[[^\]]+\]|"
        r"Can't handle RDB format version",
        "the data in its volume were written by another version of the server",
        "use an image of that version (`images` in ticketctl.yaml); " + _RESET,
    ),
    _Pattern(
        r"OutOfMemoryError|Could not reserve enough space|Cannot allocate memory|insufficient memory for the Java",
        "it ran out of memory inside its limit",
        "raise its limit under `limits` in ticketctl.yaml (Elasticsearch: its heap is at most half of it)",
    ),
    _Pattern(
        r"AccessDeniedException: (\S+)|[Pp]ermission denied[^\n]*?(/(?:var|usr|data|run)/[^\s':]+)|"
        r"(/(?:var|usr|data|run)/[^\s':]+)[^\n]{0,40}[Pp]ermission denied",
        "it may not write to {0}: its volume belongs to another user",
        "the volume was first used by another image; " + _RESET,
    ),
    _Pattern(
        r"Health check exceeded timeout \(([^)]+)\)",
        "its health check does not answer within {0}: it hangs, or the machine is too busy",
        "`ticketctl logs {service}` shows what it does",
    ),
    _Pattern(
        r"unknown (?:variable|option) '([^']+)'|\*\*\* FATAL CONFIG FILE ERROR|unknown setting \[([^\]]+)\]",
        "its configuration has a setting that this version does not know: {0}",
        "correct the setting in the last lines",
    ),
)


# What Compose itself may fail of, before there is a container to look at.
_COMPOSE_FAILURES = (
    (
        r"address pools? (?:have been )?(?:fully subscribed|.*exhausted)|non-overlapping IPv4 address pool",
        "no address range is left for another network: `docker network ls` shows them, `ticketctl down` in a project "
        "that is not needed now gives one back",
    ),
    (r"No such image|pull access denied|manifest unknown", "`ticketctl images list` shows where each image comes from"),
    (
        r"[Cc]onflict\. The container name",
        "`ticketctl down`, then `ticketctl up`: a container of that name is in the way",
    ),
)


def after_compose_failure(text: str) -> str:
    """Return what to do about a failure of Compose itself, empty when its message is not a known one.

    Args:
        text: Its last lines.
    """
    return next((next_step for regex, next_step in _COMPOSE_FAILURES if re.search(regex, text)), "")


def likely_cause(evidence: Evidence) -> Cause:
    """Return the likeliest cause: a known message first, then what the way it ended says.

    Args:
        evidence: What the service left behind.
    """
    if evidence.reason == "out of memory":
        return _out_of_memory(evidence)
    for pattern in _PATTERNS:
        if match := re.search(pattern.regex, evidence.text):
            return _from(pattern, match, evidence.service)
    return next(cause for cause in (rule(evidence) for rule in _RULES) if cause is not None)


def _from(pattern: _Pattern, match: re.Match[str], service: str) -> Cause:
    groups = [group for group in match.groups() if group] or [match[0]]
    return Cause(pattern.text.format(*groups), pattern.next_step.format(service=service))


def _out_of_memory(evidence: Evidence) -> Cause:
    limit = evidence.state.memory_limit
    size = f" of {limit // 2**20} MiB" if limit else ""
    return Cause(
        f"the kernel killed it for its memory limit{size}",
        "raise its limit under `limits` in ticketctl.yaml, then `ticketctl up`",
    )


def _exit_status(evidence: Evidence) -> Cause | None:
    if evidence.reason not in ("exited", "restart loop"):
        return None
    known = {
        0: ("its command ends instead of staying in the foreground", "correct the image's command"),
        126: ("its command is there but may not be executed", "correct the image: `chmod +x`, or another command"),
        127: ("its command was not found in the image", "correct the image's command"),
        137: (
            "something killed it (SIGKILL): the machine may be out of memory",
            "`dmesg | tail` names a process that the kernel killed; `ticketctl doctor` shows the memory",
        ),
        139: ("it crashed (SIGSEGV)", "try another version of its image"),
    }
    text, next_step = known.get(
        evidence.state.exit_code,
        (
            f"it ended with exit status {evidence.state.exit_code}; its last lines say why",
            "correct that, `ticketctl up`",
        ),
    )
    return Cause(text, next_step)


def _start_error(evidence: Evidence) -> Cause | None:
    if not evidence.state.error:
        return None
    return Cause(f"the engine could not start it: {evidence.state.error}", "correct that, then `ticketctl up`")


def _unhealthy(evidence: Evidence) -> Cause | None:
    probe = evidence.state.probe
    if probe is None or probe.exit_code == 0:
        return None
    return Cause(
        "it runs, but its health check fails",
        f"`ticketctl logs {evidence.service}` shows more; a longer `stack.timeout` helps if it is only slow",
    )


def _only_slow(evidence: Evidence) -> Cause:
    return Cause(
        "it was still starting when the time was up",
        f"`ticketctl up` goes on waiting, for `stack.timeout` seconds; `ticketctl logs {evidence.service}` shows more",
    )


_RULES: tuple[Callable[[Evidence], Cause | None], ...] = (_start_error, _exit_status, _unhealthy, _only_slow)
