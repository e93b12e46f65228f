"""Statements whose outcome the probe must find out, and what somebody else might have done instead."""

from __future__ import annotations

from dataclasses import dataclass

# Every case begins with these; `{db}` is the name of the database.
BASE = (
    "CREATE TABLE events (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(80) NOT NULL, starts_at DATETIME)",
    "CREATE TABLE seats (id INT AUTO_INCREMENT PRIMARY KEY, event_id INT NOT NULL, label VARCHAR(10), note TEXT,"
    " price DECIMAL(8,2) DEFAULT 0.00, KEY by_label (label), CONSTRAINT of_event FOREIGN KEY (event_id)"
    " REFERENCES events (id), CONSTRAINT dear CHECK (price < 10000))",
    "INSERT INTO events (title) VALUES ('Opening'), ('AUTO_INCREMENT=7')",
    "INSERT INTO seats (event_id, label, price) VALUES (1, 'A1', 10), (1, 'A2', 20), (2, 'B1', 30)",
)
LOG = ("CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200), at TIMESTAMP NULL)",)
SALES = (
    "CREATE TABLE sales (id INT, sold_in INT, PRIMARY KEY (id, sold_in)) PARTITION BY RANGE (sold_in)"
    " (PARTITION p1 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (20))",
)
FREE = ("CREATE VIEW free AS SELECT id, label FROM seats WHERE price = 0",)
TAX = ("CREATE FUNCTION tax (net DECIMAL(8,2)) RETURNS DECIMAL(8,2) DETERMINISTIC RETURN net * 0.19",)
SELL = ("CREATE PROCEDURE sell (IN seat INT) BEGIN UPDATE seats SET price = 1 WHERE id = seat; END",)
NOTED = (*LOG, "CREATE TRIGGER noted AFTER UPDATE ON seats FOR EACH ROW INSERT INTO log (what) VALUES (NEW.label)")


@dataclass(frozen=True)
class Case:
    """A statement; what is there before it; and what somebody else does instead of it."""

    statement: str
    instead: tuple[str, ...]
    setup: tuple[str, ...] = ()
    session: tuple[str, ...] = ()


def creates(name: str, definition: str, *, setup: tuple[str, ...] = (), session: tuple[str, ...] = ()) -> Case:
    """A table; somebody else makes one of the same name."""
    return Case(f"CREATE TABLE {definition}", (f"CREATE TABLE {name} (theirs INT)",), setup, session)


def alters(change: str, *, setup: tuple[str, ...] = (), table: str = "seats", session: tuple[str, ...] = ()) -> Case:
    """A change of a table; somebody else adds a column of theirs."""
    return Case(f"ALTER TABLE {change}", (f"ALTER TABLE {table} ADD COLUMN theirs INT",), setup, session)


TABLES = {
    "create": creates(
        "halls", "halls (id BIGINT UNSIGNED NOT NULL, name varchar(40) default 'it''s', PRIMARY KEY(id))"
    ),
    "create, many types": creates(
        "halls",
        "halls (a BOOL, b ENUM('x','y;z') DEFAULT 'x', c SET('1','2'), d DOUBLE PRECISION, e CHAR BYTE, f YEAR,"
        " g TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), h BIT(3), i NATIONAL VARCHAR(5),"
        " j SERIAL, k POINT NOT NULL SRID 4326, l VARCHAR(9) DEFAULT (UPPER('x')), m FLOAT(7,3), SPATIAL INDEX (k))",
    ),
    "create, qualified": creates("halls", "`{db}` . `halls` (id INT)"),
    "create, named like its database": creates("`{db}`", "{db} (id INT, CHECK ({db}.id > 0))"),
    "create if not exists": creates("halls", "IF NOT EXISTS halls (id INT)"),
    "create, mixed case": creates("`Halls`", "Halls (Id INT, UNIQUE KEY (iD))"),
    "create, executable comment": Case(
        "/*!50001 CREATE TABLE `halls` (`id` int, `b` int) ENGINE=InnoDB */",
        ("CREATE TABLE halls (theirs INT)",),
    ),
    "create, executable comment of its own database": Case(
        "CREATE TABLE /*!40000 {db}.*/ halls (id INT)", ("CREATE TABLE halls (theirs INT)",)
    ),
    "create, quotes of ANSI": creates(
        "halls", '"{db}"."halls" ("id" INT, "a ""b" INT)', session=("SET sql_mode = 'ANSI_QUOTES'",)
    ),
    "create, dates of nought": creates(
        "halls", "halls (d DATE NOT NULL DEFAULT '0000-00-00')", session=("SET SESSION sql_mode = ''",)
    ),
    "create, engine of the session": creates(
        "halls", "halls (id INT)", session=("SET default_storage_engine = MyISAM",)
    ),
    "create, collation of the session": creates(
        "halls",
        "halls (a VARCHAR(9) CHARACTER SET utf8mb4, b VARCHAR(9) CHARSET utf8mb4 COLLATE utf8mb4_bin) CHARSET utf8mb4",
        session=("SET default_collation_for_utf8mb4 = utf8mb4_general_ci",),
    ),
    "create, time zone of the session": creates(
        "halls", "halls (a TIMESTAMP DEFAULT '2020-02-02 02:02:02')", session=("SET time_zone = '+05:30'",)
    ),
    "create, names of the session": creates("halls", "halls (`ä` INT) COMMENT='größer'", session=("SET NAMES latin1",)),
    "create, other charset": creates(
        "halls", "halls (a VARCHAR(9), b TEXT CHARACTER SET utf8mb4) DEFAULT CHARACTER SET latin1 COLLATE latin1_bin"
    ),
    "create, generated names": creates(
        "halls",
        "halls (a INT CHECK (a > 0), b INT, c INT, CHECK (b > 0), FOREIGN KEY (b) REFERENCES events (id),"
        " FOREIGN KEY (c) REFERENCES seats (id) ON DELETE SET NULL, INDEX (a, b), UNIQUE (c, a))",
    ),
    "create, key to itself": creates(
        "halls",
        "halls (id INT PRIMARY KEY, part_of INT REFERENCES halls(id), FOREIGN KEY (part_of) REFERENCES halls (id))",
    ),
    "create, key to nothing": creates(
        "halls", "halls (a INT, FOREIGN KEY (a) REFERENCES later (id))", session=("SET foreign_key_checks = 0",)
    ),
    "create, key naming its database": creates("halls", "halls (a INT, FOREIGN KEY (a) REFERENCES {db}.events (id))"),
    "create, partitions": creates(
        "halls",
        "halls (a INT, b DATE) PARTITION BY RANGE (YEAR(b)) SUBPARTITION BY HASH (TO_DAYS(b)) SUBPARTITIONS 2"
        " (PARTITION p0 VALUES LESS THAN (2000) COMMENT 'old', PARTITION p1 VALUES LESS THAN MAXVALUE)",
    ),
    "create, generated and invisible columns": creates(
        "halls",
        "halls (a INT, b INT AS (a + 1), c INT GENERATED ALWAYS AS (a * 2) STORED NOT NULL, d INT INVISIBLE,"
        " e VARCHAR(9), INDEX ((LOWER(e))), INDEX i ((a + b) DESC), KEY hidden (d) INVISIBLE)",
    ),
    "create, JSON": creates(
        "halls", "halls (j JSON DEFAULT (JSON_ARRAY()), INDEX m ((CAST(j->'$.tags' AS CHAR(20) ARRAY))))"
    ),
    "create, options": creates(
        "halls",
        "halls (id INT AUTO_INCREMENT PRIMARY KEY COMMENT ') ENGINE=x AUTO_INCREMENT=1', a TEXT, FULLTEXT KEY (a))"
        " ROW_FORMAT=DYNAMIC AUTO_INCREMENT=500 STATS_PERSISTENT=0 COMMENT='a\\n) ENGINE=InnoDB AUTO_INCREMENT=2'",
    ),
    "create like": creates("halls", "halls LIKE seats"),
    "create like, qualified": creates("halls", "{db}.halls LIKE {db}.seats"),
    "create as select": creates(
        "halls", "halls (extra INT) AS SELECT s.*, e.title, UPPER(label) u FROM seats s JOIN events AS e ON e.id = s.id"
    ),
    "create as select, from a view and a function": creates(
        "halls", "halls SELECT {db}.tax(f.id) AS t, f.* FROM `free` f", setup=(*FREE, *TAX)
    ),
    "add column": alters("seats ADD COLUMN sold BOOL NOT NULL DEFAULT FALSE AFTER label, ADD row_no INT FIRST"),
    "add column, qualified": alters("{db}.seats ADD sold DATETIME"),
    "drop column": alters("seats DROP note"),
    "modify column": alters("seats MODIFY label VARCHAR(20) NOT NULL COMMENT 'a;b'"),
    "change column": alters("seats CHANGE label place VARCHAR(10)"),
    "rename column": alters("seats RENAME COLUMN label TO place"),
    "set default": alters("seats ALTER price SET DEFAULT 5"),
    "column with a generated name of a check": alters("seats ADD x INT CHECK (x > 0)"),
    "add index": alters("seats ADD INDEX (event_id, label DESC)"),
    "drop index": alters("seats DROP INDEX by_label"),
    "rename index": alters("seats RENAME INDEX by_label TO on_label"),
    "hide index": alters("seats ALTER INDEX by_label INVISIBLE"),
    "add foreign key": alters("seats ADD x INT, ADD FOREIGN KEY (x) REFERENCES events (id) ON UPDATE CASCADE"),
    "drop foreign key": alters("seats DROP FOREIGN KEY of_event"),
    "add foreign key, to itself and to another": alters(
        "seats ADD after_seat INT, ADD FOREIGN KEY (after_seat) REFERENCES {db}.seats (id),"
        " ADD log_id INT, ADD CONSTRAINT sold_as FOREIGN KEY (log_id) REFERENCES log (id)",
        setup=LOG,
    ),
    "modify a column of a foreign key": alters("seats MODIFY event_id INT NULL"),
    "drop foreign key and its column": alters("seats DROP FOREIGN KEY of_event, DROP COLUMN event_id"),
    "without checks of foreign keys": alters(
        "seats ADD x INT, ADD FOREIGN KEY (x) REFERENCES later (id)", session=("SET SESSION foreign_key_checks = 0",)
    ),
    "rename, with a generated name of a foreign key": alters(
        "halls RENAME TO places, ADD b INT, ADD FOREIGN KEY (b) REFERENCES seats (id)",
        setup=("CREATE TABLE halls (id INT, FOREIGN KEY (id) REFERENCES events (id), CHECK (id > 0))",),
        table="halls",
    ),
    "add check": alters("seats ADD CHECK (price >= 0)"),
    "drop check": alters("seats DROP CHECK dear"),
    "check not enforced": alters("seats ALTER CHECK dear NOT ENFORCED"),
    "add primary key": alters(
        "log ADD PRIMARY KEY (a)", setup=("CREATE TABLE log (a INT, b INT AS (a) STORED)",), table="log"
    ),
    "convert charset": alters("seats CONVERT TO CHARACTER SET latin1"),
    "default charset": alters("seats DEFAULT CHARACTER SET = latin1"),
    "other engine": alters("log ENGINE = MyISAM", setup=LOG, table="log"),
    "comment": alters("seats COMMENT 'AUTO_INCREMENT=3'"),
    "counter with more": alters("seats AUTO_INCREMENT = 900, COMMENT = 'x'"),
    "table from another mode": alters(
        "old ADD a INT",
        setup=("SET sql_mode = ''", "CREATE TABLE old (d DATE DEFAULT '0000-00-00', e DATETIME NOT NULL DEFAULT 0)"),
        table="old",
        session=("SET sql_mode = ''",),
    ),
    "table with triggers and children": alters("seats ADD UNIQUE (label, event_id)", setup=NOTED),
    "parent of others": alters("events DROP COLUMN starts_at, ADD ends_at DATETIME", table="events"),
    "mode of the session": alters("seats ADD \"x\" VARCHAR(9) AS (label || '!')", session=("SET sql_mode = 'ANSI'",)),
    "add partition": alters("sales ADD PARTITION (PARTITION p3 VALUES LESS THAN (30))", setup=SALES, table="sales"),
    "drop partition": alters("sales DROP PARTITION p1", setup=SALES, table="sales"),
    "split partition": alters(
        "sales REORGANIZE PARTITION p2 INTO (PARTITION a VALUES LESS THAN (15), PARTITION b VALUES LESS THAN (20))",
        setup=SALES,
        table="sales",
    ),
    "remove partitioning": alters("sales REMOVE PARTITIONING", setup=SALES, table="sales"),
    "partition by": alters("log PARTITION BY HASH (id) PARTITIONS 4", setup=LOG, table="log"),
    "rename to": alters("seats RENAME TO places"),
    "rename to, with more": alters("seats ADD x INT, RENAME AS `{db}`.`places`, DROP note"),
    "create index": Case(
        "CREATE UNIQUE INDEX one USING BTREE ON seats (event_id, label(5))", ("DROP INDEX by_label ON seats",)
    ),
    "create index, qualified": Case("CREATE INDEX `on` ON {db}.seats (price)", ("DROP INDEX by_label ON seats",)),
    "create full-text index": Case("CREATE FULLTEXT INDEX words ON seats (note)", ("DROP INDEX by_label ON seats",)),
    "create functional index": Case("CREATE INDEX f ON seats ((price * 2))", ("CREATE INDEX f ON seats (price)",)),
    "remove index": Case("DROP INDEX by_label ON seats", ("CREATE INDEX theirs ON seats (price)",)),
    "rename": Case("RENAME TABLE seats TO places", ("ALTER TABLE seats ADD theirs INT",)),
    "rename, swapped": Case(
        "RENAME TABLE seats TO tmp, log TO seats, tmp TO `log`", ("ALTER TABLE seats ADD theirs INT",), LOG
    ),
    "rename, new for old": Case(
        "RENAME TABLES {db}.seats TO {db}.seats_old, seats_new TO seats",
        ("RENAME TABLE seats TO seats_old",),
        ("CREATE TABLE seats_new LIKE seats",),
    ),
    "rename, parent and child": Case(
        "RENAME TABLE events TO happenings, seats TO places", ("RENAME TABLE events TO happenings",)
    ),
    "rename, key to itself": Case(
        "RENAME TABLE halls TO places",
        ("ALTER TABLE halls ADD theirs INT",),
        ("CREATE TABLE halls (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES halls (id))",),
    ),
    "rename a view": Case("RENAME TABLE free TO unsold", ("ALTER VIEW free AS SELECT 1 AS theirs",), FREE),
    "drop": Case("DROP TABLE seats", ("ALTER TABLE seats ADD theirs INT",)),
    "drop several": Case("DROP TABLE IF EXISTS log, {db}.seats, nothing CASCADE", ("DROP TABLE log",), LOG),
    "drop, executable comment": Case("/*!40000 DROP TABLE IF EXISTS `seats`*/", ("ALTER TABLE seats ADD theirs INT",)),
}

VIEWS = {
    "create": Case(
        "CREATE VIEW free AS SELECT * FROM seats WHERE price=0", ("CREATE VIEW free AS SELECT 1 AS theirs",)
    ),
    "create, all prefixes": Case(
        "CREATE ALGORITHM = MERGE DEFINER = CURRENT_USER SQL SECURITY INVOKER VIEW {db}.free (a, `b c`) AS"
        " SELECT {db}.seats.id, s.label FROM {db}.seats, {db}.seats AS s WITH LOCAL CHECK OPTION",
        ("CREATE VIEW free AS SELECT * FROM seats",),
    ),
    "create, over views and functions": Case(
        "CREATE VIEW dear AS SELECT id, {db}.tax(f.id) + tax(1), 'größer' AS `ä` FROM free f JOIN seats USING (id)",
        ("CREATE VIEW dear AS SELECT 1 AS theirs",),
        (*TAX, *FREE),
    ),
    "create, over a table named like its database": Case(
        "CREATE VIEW free AS SELECT {db}.id, {db}.{db}.a FROM {db}.{db} JOIN {db}.seats ON {db}.id = seats.id",
        ("CREATE VIEW free AS SELECT id FROM {db}",),
        ("CREATE TABLE {db} (id INT, a INT)",),
    ),
    "create, with CTE": Case(
        "CREATE VIEW free AS WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT 1+i FROM n WHERE i < 5) SELECT i FROM n",
        ("CREATE VIEW free AS SELECT 1 AS theirs",),
    ),
    "create, as mysqldump writes it": Case(
        "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 SQL SECURITY DEFINER */\n"
        "/*!50001 VIEW `free` AS select `seats`.`id` AS `id` from `seats` */",
        ("CREATE VIEW free AS SELECT 1 AS theirs",),
    ),
    "replace": Case(
        "CREATE OR REPLACE VIEW free AS SELECT label FROM seats", ("ALTER VIEW free AS SELECT 1 AS theirs",), FREE
    ),
    "alter": Case(
        "ALTER SQL SECURITY INVOKER VIEW free AS SELECT id FROM seats", ("ALTER VIEW free AS SELECT 1 AS theirs",), FREE
    ),
    "drop": Case("DROP VIEW free", ("ALTER VIEW free AS SELECT 1 AS theirs",), FREE),
    "drop if exists": Case("DROP VIEW IF EXISTS `{db}`.`free`", ("ALTER VIEW free AS SELECT 1 AS theirs",), FREE),
}

_OTHER_SELL = "CREATE PROCEDURE sell () SELECT 'theirs'"
_OTHER_TAX = "CREATE FUNCTION tax () RETURNS INT DETERMINISTIC RETURN 0"
ROUTINES = {
    "create procedure": Case(
        "CREATE PROCEDURE sell (IN a INT, OUT b INT)\nCOMMENT 'x' SQL SECURITY INVOKER\nBEGIN\n  -- why\n"
        "  DECLARE c INT DEFAULT 0; SELECT COUNT(*) INTO b FROM seats; /* that */ SET c = b;\nEND",
        (_OTHER_SELL,),
    ),
    "create procedure, body naming its database": Case(
        "CREATE DEFINER=CURRENT_USER() PROCEDURE {db}.sell () BEGIN SELECT {db}.id, '{db}.x' FROM `{db}`.seats AS {db},"
        " {db}.events; CALL {db}.other(); END",
        (_OTHER_SELL,),
    ),
    "create procedure, mode of the session": Case(
        "CREATE PROCEDURE sell () SELECT \"x\" || 'y'", (_OTHER_SELL,), session=("SET sql_mode = 'PIPES_AS_CONCAT'",)
    ),
    "create procedure, charset of the session": Case(
        "CREATE PROCEDURE sell () SELECT 'ae' AS x",
        (_OTHER_SELL,),
        session=("SET character_set_client = latin1, collation_connection = latin1_german1_ci",),
    ),
    "create procedure if not exists": Case("CREATE PROCEDURE IF NOT EXISTS sell () SELECT 'ä'", (_OTHER_SELL,)),
    "alter procedure": Case(
        "ALTER PROCEDURE sell COMMENT 'sells' SQL SECURITY INVOKER", ("DROP PROCEDURE sell", _OTHER_SELL), SELL
    ),
    "drop procedure": Case("DROP PROCEDURE sell", ("DROP PROCEDURE sell", _OTHER_SELL), SELL),
    "create function": Case(
        "CREATE FUNCTION tax (net INT) RETURNS VARCHAR(9) CHARSET latin1 READS SQL DATA RETURN net", (_OTHER_TAX,)
    ),
    "alter function": Case("ALTER FUNCTION tax COMMENT 'x'", ("DROP FUNCTION tax", _OTHER_TAX), TAX),
    "drop function": Case("DROP FUNCTION IF EXISTS {db}.tax", ("DROP FUNCTION tax", _OTHER_TAX), TAX),
}

_OTHER_NOTED = "CREATE TRIGGER noted BEFORE INSERT ON events FOR EACH ROW SET @theirs = 1"
TRIGGERS = {
    "create": Case(
        "CREATE TRIGGER noted AFTER UPDATE ON seats FOR EACH ROW\nBEGIN\n  INSERT INTO log (what) VALUES ('x');\nEND",
        (_OTHER_NOTED,),
        LOG,
    ),
    "create, qualified": Case(
        "CREATE DEFINER = CURRENT_USER TRIGGER {db}.noted BEFORE INSERT ON {db}.seats FOR EACH ROW"
        " INSERT INTO {db}.nowhere VALUES ({db}.tax(1))",
        (_OTHER_NOTED,),
    ),
    "create, after another": Case(
        "CREATE TRIGGER noted_too AFTER UPDATE ON seats FOR EACH ROW FOLLOWS noted SET @x = NEW.id",
        ("CREATE TRIGGER noted_too AFTER DELETE ON seats FOR EACH ROW SET @theirs = 1",),
        NOTED,
    ),
    "create, as mysqldump writes it": Case(
        "/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER `noted` BEFORE UPDATE ON `seats`"
        " FOR EACH ROW BEGIN SET NEW.label = 'x'; END */",
        (_OTHER_NOTED,),
    ),
    "drop": Case("DROP TRIGGER noted", ("DROP TRIGGER noted", _OTHER_NOTED), NOTED),
}

NIGHTLY = ("CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM seats",)
# What is not tried elsewhere. Of an event that is there, and of a table that was emptied, it is not asked who did it.
UNTRIED = {
    "event, create": Case("CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM seats", ()),
    "event, once and kept": Case(
        "CREATE EVENT nightly ON SCHEDULE AT '2030-01-01' ON COMPLETION PRESERVE DISABLE DO DELETE FROM seats", ()
    ),
    "event, create if not exists": Case("CREATE EVENT IF NOT EXISTS nightly ON SCHEDULE EVERY 1 DAY DO SELECT 1", ()),
    "event, drop": Case("DROP EVENT nightly", ("ALTER EVENT nightly COMMENT 'theirs'",), NIGHTLY),
    "contents, truncate": Case("TRUNCATE TABLE seats", ("DROP TABLE seats",)),
    "contents, of partitions": Case("TRUNCATE sales", ("DROP TABLE sales",), SALES),
}

CASES = {
    f"{kind}: {name}": case
    for kind, cases in (("table", TABLES), ("view", VIEWS), ("routine", ROUTINES), ("trigger", TRIGGERS))
    for name, case in cases.items()
}
