"""What `verify` and `diff` print."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from ticketctl.cli.render.migrate_repair import coloured_diff, note_on_diff, verified_text
from ticketctl.provision.migrate.diff import MigrationDiff
from ticketctl.provision.migrate.planning.results import DatabaseStatus, MigrationStatus, StatusResult
from ticketctl.provision.migrate.planning.verification import verification_of


def test_a_diff_in_colours() -> None:
    long = "x" * 200
    text = f"--- old\n+++ new\n@@ -1 +1 @@\n same\n--- removed comment\n+[red]{long}"
    out = StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=80, highlight=False)
    console.print(coloured_diff(text), soft_wrap=True)
    assert out.getvalue().splitlines() == [
        "\x1b[1m--- old\x1b[0m",
        "\x1b[1m+++ new\x1b[0m",
        "\x1b[36m@@ -1 +1 @@\x1b[0m",
        " same",
        "\x1b[31m--- removed comment\x1b[0m",
        f"\x1b[32m+[red]{long}\x1b[0m",
    ]


def test_notes_only_where_the_statements_are_the_same() -> None:
    assert note_on_diff(MigrationDiff("a", same_bytes=True, same_statements=True, text="")) == ""
    assert note_on_diff(MigrationDiff("a", same_bytes=False, same_statements=False, text="+x")) == ""
    assert "comments and white space" in note_on_diff(MigrationDiff("a", False, True, "+x"))
    assert "line ends" in note_on_diff(MigrationDiff("a", False, True, ""))


def test_neighbours_share_their_next_step_and_what_is_right_is_left_out() -> None:
    migrations = (
        MigrationStatus("001_a", "applied"),
        MigrationStatus("002_bb", "rolling back", detail="some statements\nof its rollback"),
        MigrationStatus("003_c", "pending"),
        MigrationStatus("004_d", "pending"),
    )
    result = verification_of(
        StatusResult(
            (
                DatabaseStatus("fine", "fine_db", True, migrations[:1]),
                DatabaseStatus("events", "events_db", True, migrations),
                DatabaseStatus("new", "new_db", False, ()),
            )
        )
    )
    assert verified_text(result).splitlines() == [
        "events (events_db): 3 of 4 migrations are not as they should be",
        "  002_bb  rolling back  some statements",
        "    of its rollback",
        "    next: `ticketctl migrate rollback events` finishes its rollback",
        "  003_c   pending",
        "  004_d   pending",
        "    next: `ticketctl migrate apply --only events` executes it",
        "new (new_db): the database does not exist",
        "  next: `ticketctl migrate apply --only new` creates it",
    ]
