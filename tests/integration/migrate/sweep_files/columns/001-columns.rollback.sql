ALTER TABLE booking DROP COLUMN label, DROP COLUMN gross;
ALTER TABLE booking CONVERT TO CHARACTER SET utf8mb4;
UPDATE booking SET amount = amount * 2;
DROP TABLE booking;
