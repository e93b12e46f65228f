"""Pages of the documentation, done as a reader would do them.

The fenced blocks of a page are taken in their order, as they stand:

- `console`: each line that begins with `$ ` is typed into one shell; the lines below it are what it must
  print. Nothing below it: anything may be printed. It must succeed, or end in `# exit N`.
- a block whose first line is a comment with a path (`-- migrations/orders/002_x.sql`, `# conftest.py`) is
  written to that file.
- `text` is only read.

`…` stands for anything in a line, and alone in a line for any number of lines. Times, durations and
addresses are compared as such, the lines of progress (they begin with the time of day) not at all.
"""

from __future__ import annotations

import re
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND_SECONDS = 120.0
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"(?:--|#) ([\w./-]+\.\w+)")
_EXIT = re.compile(r"# exit (\d+)$")
_PROGRESS = re.compile(r"\d\d:\d\d:\d\d .*")
_VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "(time)"),
    (re.compile(r"\b\d+(?:\.\d+)? ?s\b"), "(seconds) s"),
    (re.compile(r"127\.0\.0\.1:\d+"), "(address)"),
    (re.compile(r" +"), " "),  # columns are as wide as their longest word, and some words are variable
)


@dataclass(frozen=True)
class File:
    """A file that the reader writes."""

    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Command:
    """A line that the reader types, and what it prints; `shown` is None where the page does not say."""

    line: int
    text: str
    exit: int
    shown: tuple[str, ...] | None


class WrongPageError(AssertionError):
    """A page says what is not so."""


def steps(page: str) -> Iterator[File | Command]:
    """Return what a page tells its reader to do, in order."""
    for fence in _FENCE.finditer(page):
        line = page.count("\n", 0, fence.start()) + 2
        language, text = fence[1], fence[2]
        if language == "console":
            yield from _commands(text.splitlines(), line)
        elif language != "text":
            path = _PATH.match(text)
            if path is None:
                raise WrongPageError(f"line {line}: a block of {language} without a path in its first line")
            yield File(line, path[1], text)


def _commands(lines: Sequence[str], first: int) -> Iterator[Command]:
    starts = [place for place, line in enumerate(lines) if line.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise WrongPageError(f"line {first}: a console block begins with `$ `")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = lines[start][2:]
        expected = _EXIT.search(text)
        shown = tuple(lines[start + 1 : end])
        yield Command(first + start, text, int(expected[1]) if expected else 0, shown or None)


class Reader:
    """Does what pages say, in one folder and one shell.

    Args:
        folder: Where the reader is.
        environ: The shell's environment.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._end = f"end-{uuid.uuid4().hex}"
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def close(self) -> None:
        """End the shell."""
        self._shell.kill()
        self._shell.communicate()

    def follow(self, page: str) -> int:
        """Do what a page says; return how many outputs were compared.

        Raises:
            WrongPageError: Something is not as the page shows it.
        """
        compared = 0
        for step in steps(page):
            if isinstance(step, File):
                path = self._folder / step.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.text, encoding="utf-8")
            else:
                self._do(step)
                compared += step.shown is not None
        return compared

    def _do(self, command: Command) -> None:
        printed, code = self._type(command.text)
        where = f"line {command.line}: $ {command.text}"
        if code != command.exit:
            raise WrongPageError(f"{where}\nends with {code} instead of {command.exit}\n{printed}")
        if command.shown is None:
            return
        lines = [line for line in printed.splitlines() if not _PROGRESS.fullmatch(line)]
        if not _pattern(command.shown).fullmatch("\n".join(map(_usual, lines)) + "\n"):
            raise WrongPageError("\n".join((where, "--- the page shows", *command.shown, "--- and it prints", *lines)))

    def _type(self, text: str) -> tuple[str, int]:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{{ {text}\n}} </dev/null\nprintf '\\n%s %s\\n' {self._end} $?\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        watchdog = threading.Timer(COMMAND_SECONDS, self._shell.kill)
        watchdog.start()
        try:
            for line in self._shell.stdout:
                if line.startswith(self._end):
                    return "".join(printed)[:-1].replace(f"{self._folder}/", ""), int(line.split()[1])
                printed.append(line)
        finally:
            watchdog.cancel()
        raise WrongPageError(f"$ {text}\nthe shell has ended, or did not answer in {COMMAND_SECONDS:.0f} s\n{printed}")


def _usual(line: str) -> str:
    for variable, name in _VARIABLE:
        line = variable.sub(name, line)
    return line.rstrip()


def _pattern(shown: Sequence[str]) -> re.Pattern[str]:
    parts = []
    for line in shown:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r"[^\n]*?".join(map(re.escape, _usual(line).split("…"))) + r"\n")
    return re.compile("".join(parts))
