CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40), born DATE, boss INT);
INSERT INTO people VALUES (1, 'Ann; the first', '1970-01-01', NULL), (2, "Bob's", '1980-12-31', 1);
CREATE VIEW elders AS SELECT id, name FROM people WHERE born < '1975-01-01';
CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW elders (number, title) AS
    SELECT id, CONCAT(name, ';') FROM people WHERE born < '1976-01-01' WITH LOCAL CHECK OPTION;
CREATE VIEW bosses AS
SELECT p.name, CASE WHEN b.id IS NULL THEN 'nobody;' ELSE b.name END AS `boss's name`
FROM people AS p LEFT JOIN people AS b ON b.id = p.boss;
ALTER VIEW bosses AS SELECT name, IF(boss IS NULL, 1, 0) AS is_top FROM people;
CREATE VIEW on_top AS SELECT * FROM bosses WHERE is_top;
