"""The pages on migrations say what is so: each is done here from its first line to its last."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.migrate.documents import Reader, WrongPageError
from ticketctl.migrations import MysqlEndpoint
from ticketctl.provision.scaffold import scaffold

pytestmark = pytest.mark.integration
HOWTO = Path(__file__).parents[3] / "docs" / "howto"
DATABASES = ("events_db", "inventory_db", "bookings_db")


@pytest.fixture
def reader(tmp_path: Path, migration_account: MysqlEndpoint, scratch_name: Callable[..., str]) -> Iterator[Reader]:
    """Somebody in a fresh project whose stack is up, but for the names of its databases."""
    folder = tmp_path / "tickets"
    scaffold(folder)
    names = {name: scratch_name(f"_{name}") for name in DATABASES}
    settings = folder / "ticketctl.yaml"
    settings.write_text(re.sub("|".join(names), lambda found: names[found[0]], settings.read_text()))
    compose = folder / "compose"
    env = (compose / ".env.example").read_text()
    env = re.sub(r"MIGRATION_PASSWORD=.*", f"MIGRATION_PASSWORD={migration_account.password.reveal()}", env)
    env = env.replace("# MYSQL_PORT=3306", f"MYSQL_PORT={migration_account.port}")
    env = re.sub(r"# ([A-Z_]+_PORT=)", r"\1", env)
    (compose / ".env").write_text(env)
    (compose / ".env").chmod(0o600)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTEST"))}
    # The programs that the page speaks of, as in the project's own environment.
    environ = {**inherited, "PATH": f"{Path(sys.executable).parent}:{inherited['PATH']}", "NO_COLOR": "1"}
    reader = Reader(folder, environ, {ours: theirs for theirs, ours in names.items()})
    yield reader
    reader.close()


@pytest.mark.parametrize(("page", "outputs"), [("migrations.md", 20), ("test-with-migrations.md", 3)])
def test_a_page_is_true_from_its_first_line_to_its_last(reader: Reader, page: str, outputs: int) -> None:
    assert reader.follow((HOWTO / page).read_text(encoding="utf-8")) >= outputs


CONSOLE = "```console\n{}\n```\n"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (CONSOLE.format("$ echo one; echo two\none\nthree"), "--- and it prints\none\ntwo"),
        (CONSOLE.format("$ echo one; echo two\none"), "--- and it prints\none\ntwo"),
        (CONSOLE.format("$ echo one\none\ntwo"), "--- and it prints\none"),
        (CONSOLE.format("$ echo took 3 s more\ntook 3 s"), "--- and it prints"),
        (CONSOLE.format("$ echo one\n…\ntwo"), "--- and it prints"),
        (CONSOLE.format("$ false"), "ends with 1 instead of 0"),
        (CONSOLE.format("$ true  # exit 1"), "ends with 0 instead of 1"),
        (CONSOLE.format("$ exit 0"), "the shell has ended"),
        (CONSOLE.format("one"), "begins with"),
        ("```sql\nSELECT 1;\n```\n", "without a path"),
        (
            CONSOLE.format("$ ticketctl migrate status --only bookings  # exit 1")
            + CONSOLE.format("$ ticketctl migrate status --only bookings  # exit 1\nbookings (bookings_db)"),
            "does not exist yet",
        ),
    ],
)
def test_a_page_that_is_wrong_fails(reader: Reader, page: str, why: str) -> None:
    with pytest.raises(WrongPageError, match=re.escape(why)):
        reader.follow(page)


def test_what_varies_is_left_open_and_no_more(reader: Reader) -> None:
    page = (
        CONSOLE.format("$ here=x\n$ echo 2.5 s, 2031-01-02 03:04:05\n0.1 s, 2020-12-31 00:00:00")
        + CONSOLE.format('$ printf "a\\nb\\nc\\n$here\\n"; echo 12:30:01 progress\na\n…\nx')
        + "```ini\n# folder/file.ini\nkey = 1\n```\n```text\nnothing\n```\n"
        + CONSOLE.format("$ cat folder/file.ini\n# folder/file.ini\nk… 1")
    )
    assert reader.follow(page) == 3
