"""The own database's name in a statement, replaced and put back."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.lexer import split
from ticketctl.provision.migrate.syntax.rewrite import names_in, rename_database, restore

# `shop` is the database; `@` stands for where the other name must come.
STATEMENTS = [
    "CREATE TABLE @.a (id INT)",
    "CREATE TABLE `@`.`a` (id INT)",
    "CREATE TABLE @ . a (id INT)",
    "CREATE TABLE a (id INT) COMMENT 'shop.a'",
    "CREATE TABLE a (b INT REFERENCES @.c (d)) -- shop.a\n",
    "/*!50001 CREATE VIEW @.v AS SELECT `@`.t.id FROM @.t */",
    "CREATE VIEW v AS SELECT @.t.id, @.f(@.t.id) FROM @.t, @.u WHERE @.t.id IN (SELECT @.w.id FROM @.w)",
    "RENAME TABLE @.a TO @.b, @.c TO d",
    "CREATE TABLE shopping.shop_a (shop INT)",
    "CREATE TABLE other.shop (id INT)",
    "SELECT x.shop, x.shop.id FROM x",
    "ALTER TABLE shop ADD COLUMN shop INT",
    # A table or an alias is called as the database is:
    "CREATE VIEW v AS SELECT shop.id, t.id FROM @.t JOIN shop ON shop.id = t.shop",
    "CREATE VIEW v AS SELECT shop.id, @.shop.a FROM @.shop JOIN @.t ON shop.id = t.id",
    "CREATE VIEW v AS SELECT MAX(shop.id), x, shop.y, @.f(shop.id), @.f(1) FROM a AS shop, @.t",
    "CREATE VIEW v AS SELECT 1 FROM (@.a, @.b) JOIN x shop WHERE (shop.id, shop.b) IN (SELECT shop.c, 1 FROM @.d)",
    "CREATE TABLE @.shop (id INT, KEY (id), FOREIGN KEY (id) REFERENCES @.b (id))",
    "CREATE INDEX shop ON @.t (a)",
    "DROP TABLE IF EXISTS shop, @.a",
    "CREATE TABLE @.a LIKE @.shop",
    "CREATE TRIGGER @.t BEFORE INSERT ON @.shop FOR EACH ROW SET @x = 1".replace("@x", "NEW.x"),
    "INSERT INTO @.shop SELECT shop.id FROM shop",
]


@pytest.mark.parametrize("marked", STATEMENTS)
def test_the_name_is_replaced_where_it_is_the_database(marked: str) -> None:
    sql = marked.replace("@", "shop")

    renamed = rename_database(sql, "shop", "scratch_1")

    assert renamed == marked.replace("@", "scratch_1")
    assert restore(renamed, "scratch_1", "shop") == sql


def test_a_statement_of_a_file_is_cut_out_of_it() -> None:
    _, second, third = split("CREATE TABLE shop.a (id INT);\n-- shop.b\nDROP TABLE shop.b; SELECT 1")

    assert rename_database(second, "shop", "other") == "DROP TABLE other.b"
    assert rename_database(third, "shop", "other") == "SELECT 1"


def test_a_name_that_needs_quotes_comes_back_with_them() -> None:
    sql = "CREATE VIEW `my``shop`.v AS SELECT `my``shop`.t.`my``shop.x` FROM `my``shop`.t"

    renamed = rename_database(sql, "my`shop", "scratch_1")

    assert renamed == "CREATE VIEW `scratch_1`.v AS SELECT `scratch_1`.t.`my``shop.x` FROM `scratch_1`.t"
    assert restore(renamed, "scratch_1", "my`shop") == sql


def test_double_quotes_are_names_before_a_dot() -> None:
    assert rename_database('CREATE TABLE "shop"."a" ("id" INT)', "shop", "x") == 'CREATE TABLE `x`."a" ("id" INT)'
    assert rename_database("SELECT \"shop\", 'shop' FROM shop.t", "shop", "x") == "SELECT \"shop\", 'shop' FROM x.t"


def test_what_the_server_derives_from_the_name_comes_back_too() -> None:
    assert restore("select `x_1`.`f`(1) AS `x_1.f(1)`, `ax_1`", "x_1", "shop") == (
        "select `shop`.`f`(1) AS `shop.f(1)`, `ax_1`"
    )


def test_a_text_that_the_lexer_cannot_read_to_its_end_stays_a_text() -> None:
    assert rename_database("SELECT '\\', shop.a", "shop", "x") == "SELECT '\\', shop.a"


def test_every_name_is_found() -> None:
    assert names_in("SELECT `A``b`.c FROM \"D\" /* e */ WHERE f = 'g'") >= {"a`b", "c", "d", "f"}
    assert "e" not in names_in("SELECT 1 /* e */")
