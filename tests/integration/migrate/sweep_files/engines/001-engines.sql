CREATE TABLE hits (page VARCHAR(20), number INT) ENGINE = MyISAM;
-- cannot be told
INSERT INTO hits VALUES ('home', 1);
-- cannot be told
UPDATE hits SET number = number + 1;
CREATE TABLE kept (page VARCHAR(20), number INT);
INSERT INTO kept SELECT * FROM hits;
