CREATE TABLE a (id INT PRIMARY KEY, x INT, KEY k_x (x));
CREATE TABLE b (id INT PRIMARY KEY);
INSERT /*+ SET_VAR(foreign_key_checks=OFF) */ INTO a VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO b SELECT /*+ NO_INDEX(a k_x) MAX_EXECUTION_TIME(10000) */ id FROM a WHERE x > 1;
CREATE VIEW hinted AS SELECT /*+ NO_MERGE(b) */ a.id FROM a JOIN b USING (id);
UPDATE /*+ NO_INDEX_MERGE(a) */ a SET x = x + 1;
