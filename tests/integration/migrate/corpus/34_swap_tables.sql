CREATE TABLE prices (id INT PRIMARY KEY, cents INT);
INSERT INTO prices VALUES (1, 100), (2, 250);
CREATE TABLE prices_new LIKE prices;
ALTER TABLE prices_new MODIFY cents BIGINT NOT NULL, ADD COLUMN currency CHAR(3) NOT NULL DEFAULT 'EUR';
INSERT INTO prices_new (id, cents) SELECT id, cents FROM prices;
RENAME TABLE prices TO prices_old, prices_new TO prices;
DROP TABLE prices_old;
