"""Definitions that say the same read the same."""

from __future__ import annotations

from ticketctl.provision.migrate.syntax.comparable import comparable, without_generated_keys

COLLATIONS = {"utf8mb4": "utf8mb4_0900_ai_ci", "latin1": "latin1_swedish_ci"}


def table(*lines: str, options: str = "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci") -> str:
    return "CREATE TABLE `t` (\n  " + ",\n  ".join(lines) + f"\n) ENGINE=InnoDB {options}"


def same(*lines: str, options: str = "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci") -> bool:
    texts = {comparable(table(line, options=options), COLLATIONS) for line in lines}
    return len(texts) == 1


def test_a_character_set_that_the_table_has_anyway_makes_no_difference() -> None:
    assert same(
        "`a` varchar(9) COLLATE utf8mb4_unicode_ci DEFAULT NULL",
        "`a` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT NULL",
        "`a` varchar(9) DEFAULT NULL",
    )
    latin = "DEFAULT CHARSET=latin1"
    assert same("`a` enum('x')", "`a` enum('x') CHARACTER SET latin1 COLLATE latin1_swedish_ci", options=latin)
    assert same("`a` text CHARACTER SET utf8mb4", "`a` text COLLATE utf8mb4_0900_ai_ci", options=latin)


def test_another_collation_does() -> None:
    assert not same("`a` text", "`a` text COLLATE utf8mb4_bin")
    assert not same("`a` text", "`a` text CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci")
    assert not same("`a` text", "`a` text CHARACTER SET unheard_of")


def test_what_only_looks_like_it_is_left_alone() -> None:
    lines = (
        "`a` varchar(9) DEFAULT ' COLLATE utf8mb4_unicode_ci'",
        "`b` enum('(',' COLLATE utf8mb4_unicode_ci',''')') COMMENT ' COLLATE utf8mb4_unicode_ci'",
        "`c` int GENERATED ALWAYS AS ((`a` collate utf8mb4_unicode_ci)) VIRTUAL",
        "`d ``COLLATE utf8mb4_unicode_ci` text",
    )
    assert comparable(table(*lines), COLLATIONS) == table(*lines)
    view = "-- character_set_client=utf8mb4\nCREATE VIEW `v` AS select 1"
    assert comparable(view, COLLATIONS) == view


def test_keys_come_in_the_order_of_their_names() -> None:
    first = table("`a` int", "UNIQUE KEY `z` (`a`)", "KEY `c` (`a`)", "KEY `b` (`a`)")
    second = table("`a` int", "UNIQUE KEY `z` (`a`)", "KEY `b` (`a`)", "KEY `c` (`a`)")
    third = table("`a` int", "KEY `z` (`a`)", "UNIQUE KEY `b` (`a`)")

    assert first != second
    assert comparable(first, COLLATIONS) == comparable(second, COLLATIONS) == second
    assert comparable(third, COLLATIONS) == third


def test_keys_that_serve_foreign_keys_may_be_the_servers_own() -> None:
    foreign = "CONSTRAINT `f` FOREIGN KEY (`a`, `b`) REFERENCES `u` (`a`, `b`)"
    kept = ("`a` int", "KEY `k` (`a`)", "UNIQUE KEY `m` (`a`,`b`)", "KEY `n` (`a`,`b`) COMMENT 'x'")

    assert without_generated_keys(table(*kept, "KEY `f` (`a`,`b`)", foreign)) == table(*kept, foreign)
    assert without_generated_keys(table(*kept, foreign)) == table(*kept, foreign)
