"""Progress on the screen: a live display on a terminal, plain lines otherwise, JSON lines on request."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, TextIO

from ticketctl.cli.render.columns import columns
from ticketctl.events import Event, Notice, Progress, StepFinished, StepStarted

if TYPE_CHECKING:
    from rich.console import RenderableType

OUTCOME_MARKS = {"changed": "done", "unchanged": "ok", "failed": "failed"}
_BAR = 20  # characters
_BARRED_FROM = 100  # of fewer, the count says as much


class Renderer(Protocol):
    """Shows events until it is closed."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        ...

    def close(self) -> None:
        """Finish; a live display is taken down."""
        ...


def renderer_for(stream: TextIO, *, json: bool, environ: Mapping[str, str], plain: bool = False) -> Renderer:
    """Return the renderer that fits.

    Args:
        stream: Where progress goes (standard error).
        json: Whether JSON was asked for.
        plain: Whether lines are wanted even on a terminal.
        environ: The environment: `CI` and `TERM=dumb` mean plain lines, GitHub Actions its own form.
    """
    if json:
        return JsonLines(stream)
    if environ.get("GITHUB_ACTIONS") == "true":
        return GithubLines(stream)
    if stream.isatty() and not plain and not environ.get("CI") and environ.get("TERM") != "dumb":
        return LiveDisplay(stream)
    return PlainLines(stream)


class JsonLines:
    """One JSON object a line, with the event's name and the time."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Write the event as a line."""
        document = {"event": type(event).__name__, "at": round(time.time(), 3), **asdict(event)}
        self._stream.write(json.dumps(document) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""


class PlainLines:
    """Timestamped lines, for logs. A repeated state of the same item is printed once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: dict[tuple[str, str], str] = {}

    def __call__(self, event: Event) -> None:
        """Write the event as a line, unless it repeats the item's last one."""
        line = plain_line(event)
        if isinstance(event, Progress):
            key = (event.step, event.item)
            if self._last.get(key) == line:
                return
            self._last[key] = line
        self._stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""


class GithubLines:
    """Plain lines in a collapsible group a step, and an error annotation for a failed one.

    Args:
        stream: Where the runner reads its commands (standard output or error of the job).
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open = False

    def __call__(self, event: Event) -> None:
        """Write the event; steps open and close their group."""
        if isinstance(event, StepStarted):
            self._group(f"{event.step}: {event.title}")
            return
        if isinstance(event, StepFinished):
            self.close()
            if event.outcome == "failed":
                self._write(f"::error title=ticketctl {event.step}::{_escaped(event.summary)}")
        self._write(plain_line(event))

    def close(self) -> None:
        """End the open group."""
        if self._open:
            self._write("::endgroup::")
            self._open = False

    def _group(self, title: str) -> None:
        self.close()
        self._write(f"::group::{_escaped(title)}")
        self._open = True

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class LiveDisplay:
    """The current step's items in place, finished steps as lines above."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._console = Console(file=stream, highlight=False)
        self._step: StepStarted | None = None
        self._began = 0.0
        self._items: dict[str, Progress] = {}
        self._spinner = Spinner("dots")
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, get_renderable=self._screen)
        self._live.start()

    def __call__(self, event: Event) -> None:
        """Update the display."""
        if isinstance(event, StepStarted):
            self._step, self._began, self._items = event, time.monotonic(), {}
        elif isinstance(event, Progress):
            self._items[event.item] = event
        else:
            from rich.text import Text

            if isinstance(event, StepFinished):
                self._step, self._items = None, {}
            self._live.console.print(Text(plain_line(event), style=_style(event)))

    def close(self) -> None:
        """Take the display down; what was printed stays."""
        self._step, self._items = None, {}
        self._live.stop()

    def _screen(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        if self._step is None:
            return Text()
        self._spinner.update(text=Text(f"{self._step.title} ({time.monotonic() - self._began:.0f} s)"))
        height = max(4, self._console.height - 3)
        shown = list(self._items.values())[-height:]
        lines = columns([("", item.item, item.state, _bar(item) + _count(item) + item.detail) for item in shown])
        return Group(self._spinner, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines))


def plain_line(event: Event) -> str:
    """Return an event as one line of text.

    Args:
        event: Any event.
    """
    if isinstance(event, StepStarted):
        return f"{event.step}: {event.title}"
    if isinstance(event, Progress):
        return f"{event.step}: {event.item} {event.state} {_count(event)}{event.detail}".rstrip()
    if isinstance(event, StepFinished):
        return f"{event.step}: {OUTCOME_MARKS[event.outcome]} ({event.seconds:.1f} s) {event.summary}".rstrip()
    return f"{'note' if event.level == 'info' else 'warning'}: {event.text}"


def _escaped(text: str) -> str:
    """Return a text as a workflow command's data."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _count(progress: Progress) -> str:
    if progress.done is None:
        return ""
    return f"{progress.done}/{progress.total} " if progress.total else f"{progress.done} "


def _bar(progress: Progress) -> str:
    if progress.done is None or not progress.total or progress.total < _BARRED_FROM:
        return ""
    full = min(_BAR, _BAR * progress.done // progress.total)
    return f"{'█' * full}{'░' * (_BAR - full)} "


def _style(event: StepFinished | Notice) -> str:
    if isinstance(event, Notice):
        return "yellow" if event.level == "warn" else ""
    return {"changed": "green", "unchanged": "dim green", "failed": "red"}[event.outcome]
