ALTER TABLE seat DROP FOREIGN KEY fk_seat_event;
ALTER TABLE event DROP INDEX idx_day;
DROP TABLE event;
DROP TABLE seat;
