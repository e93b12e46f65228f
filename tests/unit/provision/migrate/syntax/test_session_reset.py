"""What a file leaves on its connection is taken back for the next one."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.provision.migrate.syntax.session_reset import resets


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TABLE a (x INT); INSERT INTO a VALUES (1)", ()),
        ("SET foreign_key_checks = 0; SET foreign_key_checks = 1", ("SET SESSION foreign_key_checks = DEFAULT",)),
        ("SET SESSION sql_mode = 'ANSI'", ("SET SESSION sql_mode = DEFAULT",)),
        ("SET @@session.sql_mode := 'ANSI'", ("SET SESSION sql_mode = DEFAULT",)),
        ("SET @@local.sql_mode = CONCAT('ANSI', ',x')", ("SET SESSION sql_mode = DEFAULT",)),
        ("SET @@unique_checks=0", ("SET SESSION unique_checks = DEFAULT",)),
        (
            "SET a = (SELECT 1, 2), LOCAL b = 1",
            ("SET SESSION a = DEFAULT", "SET SESSION b = DEFAULT"),
        ),
        ("SET @x = 1; SELECT @`y z` + @X", ("SET @`x` = NULL, @`y z` = NULL",)),
        ("SET NAMES latin1", ("SET NAMES utf8mb4",)),
        ("SET CHARACTER SET latin1", ("SET NAMES utf8mb4",)),
        ("SET time_zone = 'SYSTEM'", ("SET time_zone = '+00:00'",)),
        ("SET sql_log_bin = 0", ("SET SESSION sql_log_bin = 1",)),
        ("SET insert_id = 4", ()),
        ("SET GLOBAL max_connections = 4", ()),
        (
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            ("SET SESSION transaction_isolation = DEFAULT, SESSION transaction_read_only = DEFAULT",),
        ),
        (
            "CREATE TEMPORARY TABLE IF NOT EXISTS `t``t` (x INT); DROP TABLE `t``t`",
            ("DROP TEMPORARY TABLE IF EXISTS `t``t`",),
        ),
    ],
)
def test_resets(sql: str, expected: tuple[str, ...]) -> None:
    assert resets(split(sql)) == expected
