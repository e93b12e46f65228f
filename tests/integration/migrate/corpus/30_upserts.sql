CREATE TABLE counters (name VARCHAR(30) PRIMARY KEY, hits INT NOT NULL DEFAULT 0, note VARCHAR(50));
INSERT INTO counters (name, hits) VALUES ('home;', 1), ('about', 1);
INSERT INTO counters (name, hits) VALUES ('home;', 5), ('new', 2) AS fresh ON DUPLICATE KEY UPDATE hits = counters.hits + fresh.hits;
INSERT INTO counters SET name = 'about', hits = 7 ON DUPLICATE KEY UPDATE hits = hits + 1, note = 'again; again';
INSERT IGNORE INTO counters VALUES ('new', 99, 'ignored;'), ('other', 1, NULL);
REPLACE INTO counters (name, hits) VALUES ('other', 42);
