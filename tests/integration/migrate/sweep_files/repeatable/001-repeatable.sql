-- No definition tells whether these have been done, and once more does no harm.
CREATE TABLE queue (id INT AUTO_INCREMENT PRIMARY KEY, job VARCHAR(20)) AUTO_INCREMENT = 10;
INSERT INTO queue (job) VALUES ('one'), ('two');
TRUNCATE TABLE queue;
ALTER TABLE queue AUTO_INCREMENT = 500;
INSERT INTO queue (job) VALUES ('three');
ANALYZE TABLE queue;
