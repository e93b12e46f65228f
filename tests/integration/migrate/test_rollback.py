"""Rolling back on a real server: by command only, newest first, with the losses shown."""

from __future__ import annotations

import pytest

from integration.migrate.bench import Bench
from ticketctl.errors import MigrationError, MigrationFileError, MigrationInDoubtError, MigrationStatementError

pytestmark = pytest.mark.integration


@pytest.fixture
def applied(bench: Bench) -> Bench:
    """Two migrations with rows in both tables."""
    bench.write(
        _001_a="CREATE TABLE a (x INT, y INT);\nINSERT INTO a VALUES (1, 1), (2, 2), (3, 3);",
        _001_a_rollback="DROP TABLE a;",
        _002_b="CREATE TABLE `b``b` (x INT);\nINSERT INTO `b``b` VALUES (1);",
        _002_b_rollback="ALTER TABLE a DROP COLUMN y;\nDROP TABLE IF EXISTS `b``b`, never_was;",
    )
    bench.apply()
    return bench


def test_the_plan_names_the_rows_that_would_go(applied: Bench) -> None:
    plan = str(applied.plan_rollback(steps=2)).replace(f"{applied.folder}/", "")
    assert plan == (
        f"main ({applied.endpoint.database}): roll back 002_b, 001_a\n"
        "  002_b  002_b.rollback.sql\n"
        "    1  ALTER TABLE a DROP COLUMN y\n"
        "    2  DROP TABLE IF EXISTS `b``b`, never_was\n"
        "  001_a  001_a.rollback.sql\n"
        "    1  DROP TABLE a\n"
        "  deletes column a.y: 3 rows\n"
        "  deletes table b`b: 1 row\n"
        "  deletes table a: 3 rows"
    )
    assert applied.tables() == ["a", "b`b"]


def test_one_step_and_back_again(applied: Bench) -> None:
    result = applied.rollback()
    assert [migration.name for migration in result.applied] == ["002_b"]
    assert applied.tables() == ["a"]
    assert applied.states() == {"001_a": "applied", "002_b": "pending"}

    applied.apply()
    assert applied.query("SELECT x FROM `b``b`") == [(1,)]


def test_down_to_nothing(applied: Bench) -> None:
    applied.rollback(applied.plan_rollback(steps=9))
    assert applied.tables() == []
    assert applied.journal() == []
    assert applied.plan_rollback().is_empty


def test_what_was_not_shown_is_not_undone(applied: Bench) -> None:
    """Between the question and the answer somebody else may have migrated."""
    shown = applied.plan_rollback()
    applied.write(_003_c="CREATE TABLE c (x INT);", _003_c_rollback="DROP TABLE c;").apply()
    with pytest.raises(MigrationError, match="002_b is no longer the newest"):
        applied.rollback(shown)
    assert applied.tables() == ["a", "b`b", "c"]


def test_a_rollback_that_failed_goes_on_and_nothing_is_applied_meanwhile(applied: Bench) -> None:
    first = "ALTER TABLE a DROP COLUMN y;\n"
    applied.write(_002_b_rollback=first + "DROP TABLE missing;")
    with pytest.raises(MigrationStatementError) as raised:
        applied.rollback()
    assert (raised.value.path.name, raised.value.line, raised.value.number) == ("002_b.rollback.sql", 2, 1051)
    assert applied.states()["002_b"] == "rolling back"
    with pytest.raises(MigrationInDoubtError, match="rollback of 002_b"):
        applied.apply()

    # Dropping the column a second time would fail.
    applied.write(_002_b_rollback=first + "DROP TABLE `b``b`;")
    assert applied.plan_rollback().steps[0].first == 2
    applied.rollback()
    assert applied.states() == {"001_a": "applied", "002_b": "pending"}
    assert applied.tables() == ["a"]


def test_a_migration_that_stopped_in_the_middle_can_be_rolled_back(applied: Bench) -> None:
    applied.write(
        _003_c="CREATE TABLE c (x INT);\nSELECT * FROM missing;", _003_c_rollback="DROP TABLE IF EXISTS c, d;"
    )
    with pytest.raises(MigrationStatementError):
        applied.apply()
    applied.rollback()
    assert applied.states() == {"001_a": "applied", "002_b": "applied", "003_c": "pending"}
    assert applied.tables() == ["a", "b`b"]


def test_without_a_rollback_file_nothing_happens(applied: Bench) -> None:
    (applied.folder / "002_b.rollback.sql").unlink()
    with pytest.raises(MigrationFileError, match="has no rollback file"):
        applied.plan_rollback()
