CREATE TABLE booking (id INT PRIMARY KEY, reference VARCHAR(20), amount INT, note TEXT, spare INT);
INSERT INTO booking (id, reference, amount) VALUES (1, 'A1', 10), (2, 'B2', 20);
ALTER TABLE booking ADD COLUMN currency CHAR(3) NOT NULL DEFAULT 'EUR' AFTER amount;
ALTER TABLE booking MODIFY COLUMN amount DECIMAL(10, 2) NOT NULL;
ALTER TABLE booking CHANGE COLUMN note remark VARCHAR(200);
ALTER TABLE booking RENAME COLUMN reference TO code;
ALTER TABLE booking DROP COLUMN spare;
ALTER TABLE booking ALTER COLUMN remark SET DEFAULT 'none';
ALTER TABLE booking
    ADD COLUMN gross DECIMAL(12, 2) GENERATED ALWAYS AS (amount * 1.19) STORED,
    ADD COLUMN label VARCHAR(40) GENERATED ALWAYS AS (CONCAT(code, '/', code)) VIRTUAL,
    DROP COLUMN remark,
    RENAME COLUMN currency TO money;
ALTER TABLE booking CONVERT TO CHARACTER SET latin1;
ALTER TABLE booking COMMENT = 'what people have bought';
