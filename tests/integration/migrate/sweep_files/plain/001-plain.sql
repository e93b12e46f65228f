-- One statement in each line, as simple as they come: for tools that cut files in a simpler way.
CREATE TABLE booking (id INT PRIMARY KEY, reference VARCHAR(20), amount INT);
INSERT INTO booking VALUES (1, 'A1', 10), (2, 'B2', 20);
ALTER TABLE booking ADD COLUMN currency CHAR(3) NOT NULL DEFAULT 'EUR';
UPDATE booking SET amount = amount * 100;
CREATE INDEX idx_reference ON booking (reference);
CREATE TABLE payment (id INT PRIMARY KEY, booking_id INT);
DROP INDEX idx_reference ON booking;
