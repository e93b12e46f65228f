"""What has changed in a file since it was applied, by library and by command."""

from __future__ import annotations

import json

import pytest

from integration.migrate.bench import Bench
from integration.migrate.test_command import Command
from integration.migrate.yoyo_client import yoyo
from ticketctl.errors import MigrationError, MigrationStatementError, UnknownNameError
from ticketctl.provision.migrate.diff import MigrationDiff, diff

pytestmark = pytest.mark.integration

TEXT = "-- first\nCREATE TABLE a (x INT);\nINSERT INTO a VALUES ('1');\n"


def of(bench: Bench, name: str = "001_a") -> MigrationDiff:
    return diff(bench.target(), name=name)


@pytest.fixture
def applied(bench: Bench) -> Bench:
    bench.write(_001_a=TEXT).apply()
    return bench


def test_a_file_that_has_not_changed(applied: Bench) -> None:
    assert of(applied) == MigrationDiff("001_a", same_bytes=True, same_statements=True, text="")


def test_what_changed_is_a_unified_diff(applied: Bench) -> None:
    applied.write(_001_a=TEXT.replace("INT)", "BIGINT)"))
    found = of(applied)
    assert (found.same_bytes, found.same_statements) == (False, False)
    before, after, *lines = found.text.splitlines()
    assert before.startswith(f"--- 001_a.sql in {applied.endpoint.database} 20")
    assert before.endswith(" UTC")
    assert after == f"+++ {applied.folder / '001_a.sql'}"
    assert lines[1:] == [
        " -- first",
        "-CREATE TABLE a (x INT);",
        "+CREATE TABLE a (x BIGINT);",
        " INSERT INTO a VALUES ('1');",
    ]


def test_comments_and_line_ends_are_told_from_statements(applied: Bench) -> None:
    applied.write(_001_a=TEXT.replace("first", "said differently"))
    assert (of(applied).same_statements, "+-- said differently" in of(applied).text) == (True, True)
    (applied.folder / "001_a.sql").write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert of(applied) == MigrationDiff("001_a", same_bytes=False, same_statements=True, text="")


def test_a_line_end_between_quotes_is_shown(bench: Bench) -> None:
    path = bench.folder / "001_a.sql"
    path.write_bytes(b"CREATE TABLE a (x TEXT);\nINSERT INTO a VALUES ('1\n2');\n")
    bench.apply()
    path.write_bytes(b"CREATE TABLE a (x TEXT);\nINSERT INTO a VALUES ('1\r2');\n")
    found = of(bench)
    assert not found.same_statements
    assert "+INSERT INTO a VALUES ('1\\r2');" in found.text


def test_a_file_that_can_no_longer_be_cut_is_compared_all_the_same(applied: Bench) -> None:
    applied.write(_001_a=TEXT + "INSERT INTO a VALUES ('")
    found = of(applied)
    assert (found.same_statements, "+INSERT INTO a VALUES ('" in found.text) == (False, True)


def test_the_text_of_a_file_that_is_gone_can_be_read(applied: Bench) -> None:
    (applied.folder / "001_a.sql").unlink()
    lines = of(applied).text.splitlines()
    assert lines[1] == "+++ /dev/null"
    assert [line[1:] for line in lines[3:]] == TEXT.splitlines()


def test_half_a_migration_is_compared_with_what_was_begun(bench: Bench) -> None:
    bench.write(_001_a="CREATE TABLE a (x INT);\nSELECT * FROM missing;")
    with pytest.raises(MigrationStatementError):
        bench.apply()
    bench.write(_001_a="CREATE TABLE a (x INT);\nSELECT 1;")
    assert ", not finished\n" in of(bench).text
    assert "-SELECT * FROM missing;\n+SELECT 1;" in of(bench).text


def test_what_was_not_applied_has_nothing_to_compare_with(applied: Bench) -> None:
    applied.write(_002_b="SELECT 1;")
    with pytest.raises(MigrationError, match="002_b was not applied"):
        of(applied, "002_b")
    yoyo(applied, "apply")
    with pytest.raises(MigrationError, match="by yoyo, which keeps no text"):
        of(applied, "002_b")
    with pytest.raises(UnknownNameError, match="no migration '1_a'") as raised:
        of(applied, "1_a")
    assert "did you mean '001_a'?" in raised.value.next_step


def test_by_command(applied: Bench) -> None:
    migrate = Command(applied)
    same = migrate("diff", "main", "001_a")
    assert (same.code, same.out, same.err) == (0, "", "")

    applied.write(_001_a=TEXT + "-- more\n")
    comments = migrate("diff", "main", "001_a")
    assert comments.code == 1
    assert comments.out.endswith("+-- more\n")
    assert "\x1b[" not in comments.out
    assert "only comments and white space differ in 001_a" in comments.err

    (applied.folder / "001_a.sql").write_bytes(TEXT.replace("\n", "\r\n").encode())
    ends = migrate("diff", "main", "001_a")
    assert (ends.code, ends.out) == (0, "")
    assert "only line ends, or a byte order mark, differ" in ends.err

    applied.write(_001_a="CREATE TABLE b (x INT);")
    edited = migrate("diff", "main", "001_a")
    assert (edited.code, edited.err) == (1, "")
    found = json.loads(migrate("diff", "main", "001_a", "--json").out)
    assert found["text"] + "\n" == edited.out
    assert (found["name"], found["same_statements"]) == ("001_a", False)
    assert migrate("diff", "main", "nothing").code == 2
