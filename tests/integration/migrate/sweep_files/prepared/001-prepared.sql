CREATE TABLE box (content VARCHAR(20));
SET @text = 'INSERT INTO box (content) VALUES (''ball'')';
PREPARE filling FROM @text;
-- cannot be told
EXECUTE filling;
-- cannot be told
EXECUTE filling;
DEALLOCATE PREPARE filling;
SET @text = 'ALTER TABLE box ADD COLUMN weight INT';
PREPARE weighing FROM @text;
-- cannot be told
EXECUTE weighing;
INSERT INTO box (content, weight) VALUES ('book', 2);
