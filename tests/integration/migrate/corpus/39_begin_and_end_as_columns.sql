CREATE TABLE spans (
begin INT NOT NULL,
end INT NOT NULL,
event INT,
`loop` INT,
CHECK (begin <= end)
);
INSERT INTO spans (begin, end, event) VALUES (1, 2, 3), (2, 5, 4);
CREATE VIEW span_lengths AS SELECT begin, end, CASE WHEN end - begin > 1 THEN 'long;' ELSE 'short' END AS kind FROM spans;
CREATE INDEX begin ON spans (begin, end);
UPDATE spans SET end = CASE WHEN begin = 1 THEN end + 1 ELSE end END;
DELETE FROM spans WHERE end = 5 AND begin = 2;
