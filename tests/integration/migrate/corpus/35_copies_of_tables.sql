CREATE TABLE origin (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(10) DEFAULT ';', b INT AS (LENGTH(a)), KEY (a));
INSERT INTO origin (a) VALUES ('x'), ('yy;');
CREATE TABLE copy_like LIKE origin;
CREATE TABLE copy_as SELECT * FROM origin;
CREATE TABLE copy_typed (id BIGINT NOT NULL, extra INT DEFAULT 7, PRIMARY KEY (id)) AS SELECT id, a FROM origin;
CREATE TABLE literals AS SELECT 'text;' AS t, 1.50 AS n, NULL AS nothing, DATE '2024-01-01' AS d, X'00' AS x;
CREATE TABLE IF NOT EXISTS copy_like LIKE origin;
