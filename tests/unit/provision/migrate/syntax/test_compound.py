"""The body of a stored program is one statement with it, without any DELIMITER."""

from __future__ import annotations

import pytest

from ticketctl.provision.migrate.syntax.checksum import checksum
from ticketctl.provision.migrate.syntax.lexer import UnterminatedError, split

P = "CREATE PROCEDURE p()"
F = "CREATE FUNCTION f(a INT, b DECIMAL(10,2)) RETURNS INT DETERMINISTIC"
T = "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW"
E = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY"

# Each but MARIADB_PROGRAM is MySQL's grammar: test_lexer_against_client.py has the server read them.
MARIADB_PROGRAM = (
    "CREATE OR REPLACE DEFINER = CURRENT_USER() PROCEDURE db.p() LANGUAGE SQL NOT DETERMINISTIC BEGIN SELECT 1; END"
)
PROGRAMS = [
    f"{P} BEGIN END",
    f"{P} BEGIN SELECT 1; END",
    f"{P}\nBEGIN\n  SELECT ';'; -- ; END;\n  SELECT 2; /* END; */\nEND",
    f"{P} BEGIN BEGIN SELECT 1; END; BEGIN END; SELECT 2; END",
    f"{P} outer_block: BEGIN inner_block: BEGIN LEAVE outer_block; END inner_block; SELECT 1; END outer_block",
    f"{P} `a label`: BEGIN SELECT 1; END `a label`",
    "CREATE PROCEDURE `BEGIN`(IN `end` INT, OUT b ENUM('x', ';')) COMMENT 'a; b' READS SQL DATA BEGIN SELECT 1; END",
    "CREATE DEFINER=`root`@`localhost` PROCEDURE p() READS SQL DATA BEGIN SELECT 1; END",
    "CREATE DEFINER = 'a;b'@'%' PROCEDURE IF NOT EXISTS p() BEGIN SELECT 1; END",
    "CREATE DEFINER = event@trigger.function PROCEDURE p() BEGIN SELECT 1; END",
    MARIADB_PROGRAM,
    "create definer=current_user function f() returns varchar(9) character set utf8mb4 begin return 'x'; end",
    "CREATE FUNCTION f() RETURNS SET('a', 'b') NO SQL BEGIN RETURN 'a'; END",
    f"{P} IF (SELECT 1) THEN SELECT 1; SELECT 2; ELSEIF 2 THEN SELECT 2; ELSE SELECT 3; END IF",
    f"{P} CASE 1 WHEN 1 THEN SELECT 1; SELECT 2; ELSE SELECT 3; END CASE",
    f"{P} CASE WHEN 1 THEN BEGIN END; WHEN 2 THEN SELECT CASE 1 WHEN 1 THEN 2 END; ELSE BEGIN SELECT 1; END; END CASE",
    f"{P} l: LOOP SELECT 1; LEAVE l; END LOOP l",
    f"{P} open: LOOP SELECT 1; LEAVE open; END LOOP",
    f"{P} WHILE (SELECT CASE WHEN 1 THEN 0 END) DO SELECT 1; DO SLEEP(0); END WHILE",
    f"{P} REPEAT SELECT 1; SET @a = 1; UNTIL @a END REPEAT",
    f"{P} REPEAT SET @a = 1; UNTIL CASE WHEN @a THEN 1 ELSE 0 END END REPEAT",
    f"{P} REPEAT REPEAT SET @a = 1; UNTIL 1 END REPEAT; UNTIL (2) END REPEAT",
    f"{P} BEGIN SET @a = IF(1, 2, 3); SELECT IF(1, 2, 3), REPEAT('x', 3); IF IF(1, 0, 1) THEN SELECT 1; END IF; END",
    f"{P} BEGIN IF (1) THEN SELECT IF(1, 2, 3); ELSE SET @a = REPEAT('x', 2); END IF; SELECT 1; END",
    f"{P} BEGIN SELECT CASE WHEN 1 THEN IF(1, 2, 3) ELSE REPEAT('x', 1) END; SELECT 1; END",
    f"{P} BEGIN SELECT CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN CASE 3 WHEN 3 THEN 4 END ELSE 5 END; SELECT 1; END",
    f"{P} BEGIN CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN SELECT 1; SELECT 2; END CASE; SELECT 1; END",
    f"{P} BEGIN IF CASE WHEN 1 THEN 2 END THEN SELECT 1; END IF; SELECT 1; END",
    f"{P} BEGIN WHILE IF(@a, 1, 0) DO SET @a = 0; END WHILE; SELECT 1; END",
    f"{P} BEGIN CREATE TEMPORARY TABLE IF NOT EXISTS b (x INT); DROP TABLE IF EXISTS b; SELECT 1; END",
    f"{P} BEGIN XA BEGIN 'x'; SELECT 1; XA END 'x'; START TRANSACTION; COMMIT; END",
    f"{P} BEGIN SELECT begin, end FROM a WHERE end > begin AND t.end = t.case ORDER BY end; SELECT 1; END",
    f"{P} BEGIN SET end = 1; SET @begin = 1, @end = 2, @case = 3; UPDATE a SET end = 1, begin = end; SELECT 1; END",
    f"{P} BEGIN SELECT CASE WHEN end > 1 THEN end ELSE t.end + end END AS end FROM a; SELECT 1; END",
    f"{P} BEGIN SELECT CASE end WHEN end THEN 1 WHEN 2 AND end THEN (SELECT end FROM a) END end; SELECT 1; END",
    f"{P} BEGIN REPEAT SELECT x end INTO y FROM a; UNTIL end > end END REPEAT; SELECT 1; END",
    f"{P} BEGIN WHILE do < 3 DO SET do = do + 1; END WHILE; SELECT 1; END",
    f"{P} BEGIN INSERT INTO a (begin, end) VALUES (1, 2) ON DUPLICATE KEY UPDATE end = VALUES(end); SELECT 1; END",
    f"{P} BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = IF(done, 1, 2); SELECT 1; END",
    f"{P} BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END; SELECT 1; END",
    f"{P} BEGIN DECLARE EXIT HANDLER FOR SQLSTATE VALUE '23000', 1062, SQLWARNING, NOT FOUND, dup BEGIN"
    " SELECT 1; END; SELECT 1; END",
    f"{P} BEGIN DECLARE EXIT HANDLER FOR 1062 IF a THEN SELECT 1; SELECT 2; END IF; SELECT 1; END",
    f"{P} BEGIN DECLARE CONTINUE HANDLER FOR 1062 l: BEGIN LEAVE l; END l; SELECT 1; END",
    f"{P} BEGIN DECLARE c CURSOR FOR SELECT IF(1, 2, 3); DECLARE dup CONDITION FOR SQLSTATE '23000'; OPEN c; END",
    f"{P} BEGIN DECLARE exit_code, x INT DEFAULT CASE WHEN 1 THEN 2 END; SELECT 1; END",
    f"{P} BEGIN until: LOOP LEAVE until; END LOOP until; SELECT 1; END",
    f"{P} BEGIN /*!50001 SELECT 1; */ /*!50001 IF */ 1 THEN SELECT 2; END IF; SELECT 1; END",
    f"{P} BEGIN SELECT /*+ NO_ICP(a) */ 1; SELECT $a, b$$; END",
    "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $js$ if (1) { return 1; } /* ' */ $js$",
    f"{F} BEGIN RETURN CASE WHEN a THEN b END; END",
    f"{F} RETURN IF(a, CASE WHEN b THEN 1 END, REPEAT('x', 3))",
    "CREATE AGGREGATE FUNCTION f RETURNS STRING SONAME 'f.so'",
    f"{P} SELECT CASE WHEN 1 THEN 2 END, IF(1, 2, 3)",
    f"{T} SET NEW.a = IF(NEW.b, CASE WHEN NEW.c THEN 1 END, 2)",
    f"{T} IF NEW.a THEN SET NEW.b = 1; SET NEW.c = 2; END IF",
    f"{T} FOLLOWS begin BEGIN SET NEW.end = 1; SET NEW.begin = 2; END",
    f"{T} PRECEDES `x` l: BEGIN SET NEW.a = 1; END",
    "CREATE TRIGGER IF NOT EXISTS event AFTER UPDATE ON begin FOR EACH ROW BEGIN SELECT 1 INTO @a; END",
    f"{E} DO BEGIN DELETE FROM a; DELETE FROM b; END",
    f"{E} STARTS CURRENT_TIMESTAMP + INTERVAL 1 DAY ON COMPLETION PRESERVE COMMENT 'x;' DO l: BEGIN CALL p(); END l",
    f"{E} DO DELETE FROM a WHERE IF(x, 1, 2)",
    "CREATE EVENT IF NOT EXISTS do ON SCHEDULE AT NOW() DO IF 1 THEN SELECT 1; END IF",
    "ALTER EVENT e DO BEGIN SELECT 1; SELECT 2; END",
    "ALTER DEFINER = a@b EVENT e ON SCHEDULE EVERY 2 DAY DO BEGIN SELECT 1; END",
    "ALTER EVENT e RENAME TO do",
    "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t AFTER INSERT ON x FOR EACH ROW BEGIN DO 1; END */",
    "/*!50003 CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW BEGIN */ SELECT 1; END",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_one_statement_and_the_next_one_another(program: str) -> None:
    cut = split(f"SELECT 0; {program} ;\nSELECT 'after'; SELECT 2")
    assert [statement.text for statement in cut] == ["SELECT 0", program, "SELECT 'after'", "SELECT 2"]
    assert (cut[1].line, cut[1].column) == (1, 11)


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_the_same_with_a_delimiter_of_its_own(program: str) -> None:
    without = split(f"{program};\nSELECT 1;")
    assert [s.text for s in split(f"DELIMITER //\n{program}//\nDELIMITER ;\nSELECT 1")] == [s.text for s in without]
    assert checksum(split(f"DELIMITER //\n{program}//\nSELECT 1//")) == checksum(without)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (begin INT, end INT)",
        "CREATE TABLE event (a INT)",
        "CREATE TABLE procedure_begin (`case` INT)",
        "ALTER TABLE t ADD begin INT, DROP end",
        "CREATE VIEW begin AS SELECT CASE WHEN 1 THEN 2 END",
        "CREATE ALGORITHM = MERGE DEFINER = a@b VIEW v AS SELECT IF(1, 2, 3)",
        "CREATE INDEX begin ON t (end)",
        "ALTER PROCEDURE begin COMMENT 'x'",
        "DROP PROCEDURE begin",
        "SELECT begin FROM event",
        "INSERT INTO t VALUES ('CREATE PROCEDURE p() BEGIN')",
        "BEGIN",
        "CALL begin()",
    ],
)
def test_other_statements_end_at_their_first_semicolon(statement: str) -> None:
    assert [cut.text for cut in split(f"{statement};\nSELECT 1; END;")] == [statement, "SELECT 1", "END"]


def test_another_delimiter_is_cut_at_whatever_the_body_is() -> None:
    text = f"DELIMITER $$\n{P} BEGIN SELECT 1; $$ SELECT 2; END$$"
    assert [cut.text for cut in split(text)] == [f"{P} BEGIN SELECT 1;", "SELECT 2; END"]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (f"SELECT 1;\n{P}\n  BEGIN\n SELECT 1;\n", 3, 3, "BEGIN is never closed by END"),
        (f"{P} BEGIN IF a THEN SELECT 1; END;\nSELECT 1;", 1, 28, "IF is never closed by END IF"),
        (f"{P} l: loop SELECT 1;", 1, 25, "loop is never closed by END LOOP"),
        (f"{T} IF a THEN\n BEGIN SELECT 1; END IF;\n", 2, 2, "BEGIN is never closed by END"),
    ],
)
def test_a_block_that_is_never_closed_is_named(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(UnterminatedError, match=message) as raised:
        split(text)
    assert (raised.value.line, raised.value.column) == (line, column)
    assert "DELIMITER //" in raised.value.advice
