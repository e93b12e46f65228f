CREATE TABLE log_line (id INT PRIMARY KEY, line VARCHAR(50));
-- cannot be told
OPTIMIZE TABLE log_line;
-- cannot be told
ALTER TABLE log_line ENGINE = InnoDB;
INSERT INTO log_line VALUES (1, 'end');
