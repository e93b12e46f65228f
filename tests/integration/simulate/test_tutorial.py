"""The tutorial of the flash sale, command by command, as it is written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from live_stack import LiveStack

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "tutorial" / "flash-sale.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line and not line.startswith("PATH=")
]
_END = "@@ end of"


@dataclass(frozen=True)
class Done:
    """A command that has ended.

    Attributes:
        status: Its exit status.
        output: What it wrote to standard output.
        said: What all of them wrote to standard error.
    """

    status: int
    output: str
    said: str


@pytest.fixture(scope="module")
def done(stack: LiveStack) -> dict[str, Done]:
    """All commands, one after the other in one shell, as somebody types them."""
    build = "examples/booking_service/build.sh"
    typed = [line.replace(build, str(ROOT / build)) for line in LINES]
    script = "".join(f"{line}\nprintf '%s %s %s\\n' '{_END}' {number} $?\n" for number, line in enumerate(typed))
    path = f"{Path(sys.executable).parent}:{stack.environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=stack.root,
        env={**stack.environment, "PATH": path, "CI": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    parts = re.split(rf"^{_END} (\d+) (\d+)\n", ran.stdout, flags=re.MULTILINE)
    found: dict[str, Done] = {}
    for output, number, status in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        line = LINES[int(number)]
        if line not in found or found[line].status == 0:  # of one that is typed twice, the one that failed
            found[line] = Done(int(status), output, ran.stderr)
    assert list(found) == list(dict.fromkeys(LINES)), ran.stderr
    return found


def test_the_tutorial_has_commands() -> None:
    assert len([line for line in LINES if line.startswith("ticketctl simulate flash-sale")]) >= 5
    assert {"examples/booking_service/build.sh", "ticketctl up"} <= set(LINES)


@pytest.mark.parametrize("line", list(dict.fromkeys(LINES)))
def test_each_command_ends_as_the_tutorial_says(done: dict[str, Done], line: str) -> None:
    assert done[line].status == (1 if "--unsafe" in line else 0), done[line].output + done[line].said


@pytest.mark.parametrize(
    "line",
    [line for line in LINES if line.startswith("ticketctl simulate") and "--json" not in line and "unsafe" not in line],
)
def test_sales_are_right(done: dict[str, Done], line: str) -> None:
    assert done[line].output.startswith("Right: ")
    assert " none twice, no hold lost" in done[line].output


def test_the_wrong_way_names_seats_and_who_bought_them(done: dict[str, Done]) -> None:
    (line,) = [line for line in LINES if "--unsafe" in line]
    output = done[line].output
    assert re.match(r"WRONG: .* [\d,]+ seats? sold twice; ", output)
    assert re.search(r"^seat \d+, .*, row .*, seat \d+: bought by buyer-\d+ \(hold \w{8}\) and buyer-\d+", output, re.M)
    assert len(re.findall(r"-> BOOKED \(confirmed\) by buyer-\d+", output)) >= 2


def test_json_is_one_document(done: dict[str, Done]) -> None:
    (line,) = [line for line in LINES if "--json" in line]
    assert json.loads(done[line].output)["ok"] is True


def test_the_report_is_where_it_was_wanted(done: dict[str, Done], stack: LiveStack) -> None:
    (line,) = [line for line in LINES if "--report" in line]
    page = stack.root / "sale.html"
    assert done[line].status == 0
    text = page.read_text(encoding="utf-8")
    page.unlink()
    assert "1,000 of 1,000 seats sold" in text
    assert "MySQL stands still" in text
