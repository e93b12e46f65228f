from pathlib import Path

import pytest

from projects import REPOSITORY, project_of, this_project
from ticketctl.errors import GeneratedFileEditedError
from ticketctl.provision.stack.definition.files import compare_files, write_files
from ticketctl.provision.stack.definition.generated import replace_file, was_edited, with_header, write_generated


def test_a_new_file_is_written_and_an_equal_one_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.yml"

    assert write_generated(path, with_header("a: 1\n")) == "changed"
    before = path.stat().st_mtime_ns
    assert write_generated(path, with_header("a: 1\n")) == "unchanged"
    assert path.stat().st_mtime_ns == before


def test_a_generated_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file.yml"
    write_generated(path, with_header("a: 1\n"))

    assert write_generated(path, with_header("a: 2\n")) == "changed"
    assert path.read_text().endswith("\na: 2\n")


@pytest.mark.parametrize("edited", ["# mine\na: 1\n", "", with_header("a: 1\n") + "b: 2\n"])
def test_an_edited_file_is_kept_and_the_difference_shown(tmp_path: Path, edited: str) -> None:
    path = tmp_path / "file.yml"
    path.write_text(edited)

    with pytest.raises(GeneratedFileEditedError) as raised:
        write_generated(path, with_header("a: 3\n"))

    assert path.read_text() == edited
    assert "+a: 3" in raised.value.why
    assert raised.value.path == path


def test_force_overwrites_an_edited_file(tmp_path: Path) -> None:
    path = tmp_path / "file.yml"
    path.write_text("mine\n")

    assert write_generated(path, with_header("a: 1\n"), force=True) == "changed"
    assert not was_edited(path.read_text())


def test_nothing_is_written_when_one_of_the_files_was_edited(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    write_files(project)
    project.compose_file.unlink()
    example = project.compose_dir / ".env.example"
    example.write_text(example.read_text() + "MINE=1\n")
    other = project_of(tmp_path, limits="{redis: 300m}", ports="{fixed: {redis: 7000}}")

    with pytest.raises(GeneratedFileEditedError):
        write_files(other)

    assert not project.compose_file.exists()


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    with pytest.raises(UnicodeEncodeError):
        replace_file(path, "\udcff", mode=0o600)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_comparison_names_what_differs(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    assert not compare_files(project).up_to_date
    write_files(project)
    assert compare_files(project).up_to_date

    changed = compare_files(project_of(tmp_path, limits="{redis: 300m}"))
    compose, example = changed.files
    assert (compose.outcome, compose.edited) == ("changed", False)
    assert "-    mem_limit: 256m" in compose.diff
    assert "+    mem_limit: 300m" in compose.diff
    assert (example.outcome, example.diff) == ("unchanged", "")


def test_the_committed_files_are_up_to_date() -> None:
    differences = [file.diff for file in compare_files(this_project()).files if file.diff]

    assert differences == []
    assert (REPOSITORY / "compose" / ".env.example").is_file()
