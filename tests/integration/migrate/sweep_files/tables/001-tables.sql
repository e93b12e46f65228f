-- Tables made, filled, renamed, emptied and dropped.
CREATE TABLE venue (
    id BIGINT PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    seats INT NOT NULL DEFAULT 0,
    UNIQUE KEY uk_name (name),
    KEY idx_seats (seats),
    CONSTRAINT enough_seats CHECK (seats >= 0)
);
CREATE TABLE IF NOT EXISTS hall (
    id BIGINT PRIMARY KEY,
    venue_id BIGINT NOT NULL,
    CONSTRAINT fk_hall_venue FOREIGN KEY (venue_id) REFERENCES venue (id) ON DELETE CASCADE
);
INSERT INTO venue VALUES (1, 'Arena', 12000), (2, 'Club', 300);
CREATE TABLE big_venue AS SELECT * FROM venue WHERE seats > 1000;
CREATE TABLE venue_new LIKE venue;
ALTER TABLE venue_new ADD COLUMN city VARCHAR(60);
