"""The pages on migrations say what is so: each is done here from its first line to its last."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import ROOT_PASSWORD
from integration.migrate.conftest import Root
from integration.migrate.documents import Reader, WrongPageError
from integration.servers import Server
from ticketctl.migrations import MysqlEndpoint
from ticketctl.provision.scaffold import scaffold

pytestmark = pytest.mark.integration
HOWTO = Path(__file__).parents[3] / "docs" / "howto"
DATABASES = ("events_db", "inventory_db", "bookings_db", "ticketctl_scratch_try")
# The real client, in the server's container, with the account and the address that its user has in a file.
MYSQL_CLIENT = """\
#!/bin/sh
exec docker exec --interactive --env MYSQL_PWD={password} {container} mysql --user=root "$@"
"""


@pytest.fixture
def reader(tmp_path: Path, own_mysql: Server, migration_account: MysqlEndpoint, root: Root) -> Iterator[Reader]:
    """Somebody in a fresh project whose stack is up."""
    folder = tmp_path / "tickets"
    scaffold(folder)
    write_env(folder / "compose", migration_account)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "mysql").write_text(MYSQL_CLIENT.format(password=ROOT_PASSWORD.reveal(), container=own_mysql.name))
    (programs / "mysql").chmod(0o700)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TICKETCTL_", "PYTEST"))}
    path = f"{programs}:{Path(sys.executable).parent}:{inherited['PATH']}"
    drop(root)
    reader = Reader(folder, {**inherited, "PATH": path, "NO_COLOR": "1"})
    yield reader
    reader.close()
    drop(root)


def write_env(compose: Path, account: MysqlEndpoint) -> None:
    """What `up` writes, for a stack of which only MySQL is asked."""
    env = (compose / ".env.example").read_text()
    env = re.sub(r"MIGRATION_PASSWORD=.*", f"MIGRATION_PASSWORD={account.password.reveal()}", env)
    env = env.replace("# MYSQL_PORT=3306", f"MYSQL_PORT={account.port}")
    path = compose / ".env"
    path.write_text(re.sub(r"# ([A-Z_]+_PORT=)", r"\1", env))
    path.chmod(0o600)


def drop(root: Root) -> None:
    for name in DATABASES:
        root(f"DROP DATABASE IF EXISTS {name}")


@pytest.mark.parametrize(("page", "outputs"), [("migrations.md", 38), ("test-with-migrations.md", 3)])
def test_a_page_is_true_from_its_first_line_to_its_last(reader: Reader, page: str, outputs: int) -> None:
    assert reader.follow((HOWTO / page).read_text(encoding="utf-8")) >= outputs


def test_a_wrong_word_in_what_a_page_shows_is_found(reader: Reader) -> None:
    page = (HOWTO / "migrations.md").read_text(encoding="utf-8")
    wrong = page.replace(
        "(bookings_db): applied 001_initial (4 statements", "(bookings_db): applied 001_initial (5 statements"
    )

    with pytest.raises(WrongPageError, match=r"ticketctl migrate apply\n--- the page shows\n") as caught:
        reader.follow(wrong)
    assert "bookings (bookings_db): applied 001_initial (4 statements" in str(caught.value)


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
