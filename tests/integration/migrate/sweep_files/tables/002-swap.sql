-- depends: 001-tables
RENAME TABLE big_venue TO large_venue;
ALTER TABLE large_venue RENAME TO huge_venue;
INSERT INTO hall VALUES (1, 1), (2, 1), (3, 2);
DROP TABLE IF EXISTS never_was;
CREATE TABLE ticket_old (id INT PRIMARY KEY, seat INT);
CREATE TABLE ticket_new (id INT PRIMARY KEY, seat INT, price DECIMAL(8, 2));
RENAME TABLE ticket_old TO ticket_gone, ticket_new TO ticket_old;
DROP TABLE ticket_gone, huge_venue;
