CREATE TABLE tickets (id INT PRIMARY KEY, state ENUM('new', 'open;', 'it''s done') NOT NULL DEFAULT 'new', flags SET('a', 'b;c'));
INSERT INTO tickets VALUES (1, 'new', 'a'), (2, 'open;', 'a,b;c'), (3, 'it''s done', '');
ALTER TABLE tickets MODIFY state ENUM('new', 'open;', 'it''s done', 'waiting') NOT NULL DEFAULT 'new';
UPDATE tickets SET state = 'waiting' WHERE id = 1;
ALTER TABLE tickets MODIFY state ENUM('waiting', 'open;', 'it''s done') NOT NULL DEFAULT 'waiting';
ALTER TABLE tickets MODIFY flags SET('a', 'b;c', '"d"') NOT NULL DEFAULT 'a';
