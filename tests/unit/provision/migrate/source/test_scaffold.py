"""A new migration gets the next number, comes last, and overwrites nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.errors import MigrationFileError
from ticketctl.provision.migrate.source.files import discover
from ticketctl.provision.migrate.source.scaffold import NewMigration, new_migration

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def folder_of(folder: Path, *names: str, texts: Mapping[str, str] | None = None) -> Path:
    for name in names:
        (folder / f"{name}.sql").write_text((texts or {}).get(name, ""))
    return folder


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        ((), "001_x"),
        (("README",), "001_x"),
        (("001_a",), "002_x"),
        (("001_a", "007_b", "003_c"), "008_x"),
        (("9_a",), "10_x"),
        (("099_a",), "100_x"),
        (("999_a",), "1000_x"),
        (("0001-a",), "0002_x"),
        (("00000012_a",), "00000013_x"),
        (("20260304_01_AbCdE-a",), "20260304_02_x"),
        (("20260303_07_a", "20260304_09_b"), "20260304_10_x"),
        (("20260303-a",), "20260304_01_x"),
        (("202603030000_a",), "202603040506_x"),
        (("20260303000000_a",), "20260304050607_x"),
        (("20260304050607_a",), "20260304050608_x"),
        (("20991231235959_a",), "21000101000000_x"),
        (("001_a", "20260303000000_b"), "20260304050607_x"),
    ],
)
def test_the_next_number(tmp_path: Path, existing: tuple[str, ...], expected: str) -> None:
    new = new_migration(folder_of(tmp_path, *existing), "x", now=NOW)
    assert new.name == expected
    assert discover(tmp_path)[-1].name == expected


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Add venue capacity", "add_venue_capacity"),
        ("  orders: INDEX on (user_id, state)!  ", "orders_index_on_user_id_state"),
        ("Café größer", "cafe_groer"),
        ("add_x.sql", "add_x"),
        ("../../etc/passwd", "etc_passwd"),
    ],
)
def test_the_title_becomes_a_name(tmp_path: Path, title: str, slug: str) -> None:
    new = new_migration(tmp_path, title)
    assert new == NewMigration(f"001_{slug}", tmp_path / f"001_{slug}.sql", tmp_path / f"001_{slug}.rollback.sql", ())


@pytest.mark.parametrize("title", ["", " - ", "你好", "x" * 200])
def test_a_title_that_makes_no_name_is_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(MigrationFileError) as raised:
        new_migration(tmp_path, title)
    assert raised.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_both_files_are_comments_to_us_and_to_yoyo(tmp_path: Path) -> None:
    from yoyo.migrations import read_sql_migration

    folder_of(tmp_path, "001_a", "002_b")
    new = new_migration(tmp_path, "depends: on\nticketctl: nothing")
    migration = discover(tmp_path)[-1]
    assert (migration.name, migration.depends) == (new.name, ("002_b",))
    assert migration.down is not None
    assert migration.up.statements == migration.down.statements == ()
    assert read_sql_migration(str(new.up))[0] == {"depends": "002_b"}
    assert read_sql_migration(str(new.up))[2] == read_sql_migration(str(new.down))[2] == []


def test_it_comes_behind_the_end_of_each_branch(tmp_path: Path) -> None:
    folder_of(tmp_path, "1", "2", "3", "4", texts={"2": "-- depends: 1", "3": "-- depends: 1"})
    assert new_migration(tmp_path, "x").depends == ("2", "3", "4")


def test_a_name_with_a_blank_cannot_be_depended_on(tmp_path: Path) -> None:
    assert new_migration(folder_of(tmp_path, "001 a"), "x").depends == ()
    assert [migration.name for migration in discover(tmp_path)] == ["001 a", "002_x"]


@given(st.lists(st.from_regex(r"[0-9]{1,4}[_-][ab]{0,2}", fullmatch=True), unique=True, max_size=8), st.data())
@settings(max_examples=60, deadline=None)
def test_it_comes_last_in_any_folder(names: list[str], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number, name in enumerate(names):
            depends = data.draw(st.lists(st.sampled_from(names[:number]), max_size=2)) if number else []
            (folder / f"{name}.sql").write_text(f"-- depends: {' '.join(depends)}\n")
        before = [migration.name for migration in discover(folder)]
        new = new_migration(folder, "x")
        assert [migration.name for migration in discover(folder)] == [*before, new.name]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    assert new_migration(tmp_path / "migrations" / "events", "x").up.exists()


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MigrationFileError, match="no migration can be written"):
        new_migration(tmp_path / "file" / "events", "x")
    folder_of(tmp_path, "001_a", texts={"001_a": "-- depends: gone"})
    with pytest.raises(MigrationFileError, match="does not exist"):
        new_migration(tmp_path, "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001_a.sql", "file"]


def test_nothing_is_overwritten_and_no_half_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes without the lock may be there first."""
    from ticketctl.provision.migrate.source import scaffold

    (tmp_path / "001_x.rollback.sql").write_text("DROP TABLE x;")
    monkeypatch.setattr(scaffold, "discover", lambda _folder: ())
    with pytest.raises(MigrationFileError, match="no migration can be written"):
        new_migration(tmp_path, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["001_x.rollback.sql"]
    assert (tmp_path / "001_x.rollback.sql").read_text() == "DROP TABLE x;"


_SEVERAL = """
import sys
from pathlib import Path
from ticketctl.provision.migrate.source.scaffold import new_migration

for number in range(5):
    print(new_migration(Path(sys.argv[1]), f"{sys.argv[2]} {number}").name)
"""


def test_several_runs_at_once_get_different_numbers(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen([sys.executable, "-c", _SEVERAL, str(tmp_path), title], stdout=subprocess.PIPE, text=True)
        for title in ("a", "b", "c", "d")
    ]
    names = [name for run in runs for name in run.communicate(timeout=60)[0].split()]
    assert sorted(name.split("_")[0] for name in names) == [f"{number:03}" for number in range(1, 21)]
    found = discover(tmp_path)
    assert [migration.name for migration in found] == sorted(names)
    assert [migration.depends for migration in found] == [(), *((migration.name,) for migration in found[:-1])]


_KILLED = """
import os, sys
from pathlib import Path
from ticketctl.provision.migrate.source.scaffold import new_migration

left = int(sys.argv[2])

def count(event, arguments):
    global left
    if event == "open" and str(arguments[0]).endswith(".sql") and arguments[1] == "x":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)

sys.addaudithook(count)
new_migration(Path(sys.argv[1]), "x")
"""


@pytest.mark.parametrize(("files", "left"), [(0, []), (1, ["001_x.sql"]), (2, ["001_x.rollback.sql", "001_x.sql"])])
def test_a_killed_run_leaves_a_folder_that_can_be_used(tmp_path: Path, files: int, left: list[str]) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), str(files)], check=False, timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    discover(tmp_path)
    assert new_migration(tmp_path, "y").name == ("002_y" if left else "001_y")
