"""Migration files are found, ordered as yoyo orders them, or refused with their place."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.errors import MigrationFileError
from ticketctl.provision.migrate.source.files import discover


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


def test_transactional_false_is_what_mysql_does_anyway(tmp_path: Path) -> None:
    assert names(write(tmp_path, {"1.sql": "-- transactional: false\nSELECT 1;"})) == ["1"]
