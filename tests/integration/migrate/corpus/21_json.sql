CREATE TABLE settings (
    id INT PRIMARY KEY,
    data JSON NOT NULL,
    tags JSON DEFAULT (JSON_ARRAY('a;', 'b')),
    theme VARCHAR(20) AS (data ->> '$.theme') STORED,
    KEY idx_tags ((CAST(tags AS CHAR(20) ARRAY))),
    CHECK (JSON_VALID(data))
);
INSERT INTO settings (id, data) VALUES
    (1, '{"theme": "dark;", "list": [1, 2, {"deep": "it''s"}], "quote": "\\"x\\""}'),
    (2, JSON_OBJECT('theme', 'light', 'n', 1.50));
UPDATE settings SET data = JSON_SET(data, '$.added', JSON_ARRAY(1, ';')) WHERE data -> '$.list[0]' = 1;
UPDATE settings SET data = JSON_REMOVE(data, '$.n') WHERE id = 2;
