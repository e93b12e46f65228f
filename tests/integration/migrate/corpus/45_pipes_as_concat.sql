SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT');
CREATE TABLE t (a VARCHAR(20) AS ('x' || ';') STORED, b INT);
INSERT INTO t (b) VALUES (1);
CREATE VIEW v AS SELECT a || '/' || b AS c FROM t;
SET SESSION sql_mode = DEFAULT;
INSERT INTO t (b) VALUES (0 || 1);
