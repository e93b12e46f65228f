CREATE TABLE stock (item VARCHAR(20) PRIMARY KEY, amount INT NOT NULL);
CREATE TABLE shipped (item VARCHAR(20), amount INT);
INSERT INTO stock (item, amount) VALUES ('poster', 5), ('shirt', 7), ('cap', 9);
UPDATE stock SET amount = amount + 1;
INSERT INTO shipped (item, amount) SELECT item, amount * 10 FROM stock WHERE amount > 6;
DELETE FROM stock WHERE item = 'cap';
REPLACE INTO stock (item, amount) VALUES ('shirt', 100);
INSERT INTO stock (item, amount) VALUES ('poster', 1) ON DUPLICATE KEY UPDATE amount = amount + 1;
