"""Migration files are found, ordered as yoyo orders them, or refused with their place."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.errors import MigrationFileError
from ticketctl.provision.migrate.source.files import discover, read_sql_file


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def names(folder: Path) -> list[str]:
    return [migration.name for migration in discover(folder)]


def refused(folder: Path) -> MigrationFileError:
    with pytest.raises(MigrationFileError) as raised:
        _ = [migration.up.statements for migration in discover(folder)]
    assert raised.value.next_step
    return raised.value


def test_a_migration_is_a_file_with_its_rollback_beside_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "001_a.sql": "\ufeffSELECT 1;",
            "001_a.rollback.sql": "SELECT 2;",
            "002_b.sql": "-- depends: 001_a\nSELECT 3;",
            "README.md": "",
            "_tmp_yoyonew123.sql": "",
            ".hidden.sql": "'",
        },
    )
    first, second = discover(tmp_path)
    assert [statement.text for statement in first.up.statements] == ["SELECT 1"]
    assert first.down is not None
    assert [statement.text for statement in first.down.statements] == ["SELECT 2"]
    assert (second.down, second.depends) == (None, ("001_a",))


def test_dependencies_come_first_otherwise_names_decide(tmp_path: Path) -> None:
    write(tmp_path, {"1.sql": "-- about\n\n--depends : 3 2\n-- depends: 2\n", "2.sql": "", "3.sql": "", "10.sql": ""})
    assert names(tmp_path) == ["10", "2", "3", "1"]


def test_names_are_compared_with_their_suffix(tmp_path: Path) -> None:
    """A dash is smaller than a dot; yoyo sorts paths."""
    write(tmp_path, {"1.sql": "", "1-x.sql": ""})
    assert names(tmp_path) == ["1-x", "1"] == yoyo_order(tmp_path)


def test_a_directive_after_the_first_statement_is_a_comment(tmp_path: Path) -> None:
    write(tmp_path, {"1.sql": "SELECT 1;\n-- depends: 2\n", "2.sql": "/* c */\n-- depends: 3\n"})
    assert names(tmp_path) == ["1", "2"]


def yoyo_order(folder: Path) -> list[str]:
    from yoyo import read_migrations
    from yoyo.migrations import topological_sort

    return [migration.id for migration in topological_sort(read_migrations(str(folder)))]


graphs = st.lists(
    st.tuples(st.text("abc019_-", min_size=1, max_size=4), st.lists(st.integers(0, 30), max_size=3)),
    min_size=1,
    max_size=12,
    unique_by=lambda item: item[0],
)


@given(graphs)
@settings(max_examples=60, deadline=None)
def test_the_order_is_that_of_yoyo(graph: Sequence[tuple[str, list[int]]]) -> None:
    """Each may depend on those before it in the list, so that there is no circle."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, (migration, picks) in enumerate(graph):
            depends = {graph[pick % index][0] for pick in picks} if index else set()
            header = f"-- depends: {' '.join(sorted(depends))}\n" if depends else ""
            (folder / f"{migration}.sql").write_text(header + "SELECT 1;\n")
        assert names(folder) == yoyo_order(folder)


def test_options_of_ours_are_comments_to_yoyo(tmp_path: Path) -> None:
    from yoyo.migrations import read_sql_migration

    text = "-- ticketctl: allow-late, allow-copy\n-- depends: 001\nSELECT 1;\n"
    write(tmp_path, {"001.sql": "", "002.sql": text, "003.sql": ""})
    first, second, third = discover(tmp_path)
    assert (second.depends, second.allows_late, second.allows_copy) == (("001",), True, True)
    assert not any((first.allows_late, first.allows_copy, third.allows_late, third.allows_copy))
    directives, comment, statements = read_sql_migration(str(tmp_path / "002.sql"))
    assert (directives, statements) == ({"depends": "001"}, ["SELECT 1;"])
    assert comment == "ticketctl: allow-late, allow-copy"


def test_a_rollback_file_is_read_when_it_is_asked(tmp_path: Path) -> None:
    """A link to nothing would be refused by whoever reads it."""
    write(tmp_path, {"1.sql": ""})
    (tmp_path / "1.rollback.sql").symlink_to(tmp_path / "gone")
    (migration,) = discover(tmp_path)
    assert migration.down is not None
    with pytest.raises(MigrationFileError, match="cannot be read"):
        _ = migration.down.text


def test_what_was_read_stays_as_it_was(tmp_path: Path) -> None:
    """Hash, text and statements belong together, whoever writes to the file meanwhile."""
    write(tmp_path, {"1.sql": "SELECT 1;", "1.rollback.sql": "SELECT 2;"})
    (migration,) = discover(tmp_path)
    assert migration.down is not None
    hashes = migration.up.sha256, migration.down.sha256
    write(tmp_path, {"1.sql": "SELECT 'later';", "1.rollback.sql": "SELECT 'later';"})
    assert [migration.up.text, migration.down.text] == ["SELECT 1;", "SELECT 2;"]
    assert (migration.up.sha256, migration.down.sha256) == hashes


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 400_000])
def test_a_file_is_read_whole_whatever_its_size(tmp_path: Path, size: int) -> None:
    content = bytes(32 + number % 90 for number in range(size))
    (tmp_path / "1.sql").write_bytes(content)
    (migration,) = discover(tmp_path)
    assert migration.up.text == content.decode()
    assert migration.up.sha256 == hashlib.sha256(content).hexdigest()


def test_read_alone_a_file_is_the_same(tmp_path: Path) -> None:
    write(tmp_path, {"1.sql": "\ufeffSELECT 'é';"})
    (migration,) = discover(tmp_path)
    alone = read_sql_file(tmp_path / "1.sql")
    assert (alone.path, alone.text, alone.sha256) == (migration.up.path, migration.up.text, migration.up.sha256)
    assert alone.text == "SELECT 'é';"


def test_an_unknown_dependency_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, {"001_events.sql": "", "002.sql": "-- about\n-- depends: 001_event\nSELECT 1;"})
    error = refused(tmp_path)
    assert (error.path, error.line) == (tmp_path / "002.sql", 2)
    assert "did you mean '001_events'" in error.why


def test_a_circle_is_shown_whole(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"0.sql": "-- depends: a", "a.sql": "-- depends: b", "b.sql": "\n-- depends: c", "c.sql": "-- depends: a"},
    )
    error = refused(tmp_path)
    assert error.why == "a -> b -> c -> a"
    assert (error.path.name, error.line) == ("a.sql", 1)


@pytest.mark.parametrize(
    ("files", "line", "message"),
    [
        ({"1.sql": "SELECT 1;\nSELECT 'open;\n"}, 2, "never closed"),
        ({"1.sql": "SELECT 1;\n\nUSE other;\n"}, 3, "may not stand"),
        ({"1.sql": "-- transactional: true\nSELECT 1;"}, 1, "transactional"),
        ({"1.rollback.sql": ""}, 0, "does not exist"),
        ({"1.sql": "", "2.py": ""}, 0, "Python"),
        ({"1.SQL": ""}, 0, "overlooked"),
        ({"a_B.sql": "", "A_b.sql": ""}, 0, "same name"),
        ({"post-apply.sql": ""}, 0, "post-apply"),
        ({"x" * 201 + ".sql": ""}, 0, "longer than"),
        ({"\udcff.sql": ""}, 0, "not UTF-8"),
        ({"1.sql": "-- about\n-- ticketctl: alow-late\n"}, 2, "alow-late"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, files: dict[str, str], line: int, message: str) -> None:
    error = refused(write(tmp_path, files))
    assert message in error.what
    assert error.line == line


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_bytes(b"SELECT 1;\nSELECT '\xe9';\n")
    assert refused(tmp_path).line == 2


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "nowhere" in refused(tmp_path / "nowhere").what


def test_a_link_to_nothing_is_refused_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "1.sql").symlink_to(tmp_path / "gone")
    assert "cannot be read" in refused(tmp_path).what


def test_a_folder_is_no_migration(tmp_path: Path) -> None:
    write(tmp_path, {"1.sql": ""})
    for name in ("2.sql", "old.py", "3.SQL"):
        (tmp_path / name).mkdir()
    assert names(tmp_path) == ["1"]


def test_transactional_false_is_what_mysql_does_anyway(tmp_path: Path) -> None:
    assert names(write(tmp_path, {"1.sql": "-- transactional: false\nSELECT 1;"})) == ["1"]
