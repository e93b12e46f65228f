-- Holds: one or more seats that one user reserves at once. The caller makes a hold's id before anything is sent, so
-- whoever lost the answer can read whether there is such a hold, and a request that comes twice is one hold.
-- Times are UTC.

ALTER TABLE seats
    ADD COLUMN hold_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'the hold that reserved it, kept when it is booked',
    ADD COLUMN row_position SMALLINT UNSIGNED NULL
        COMMENT 'neighbours in a row differ by 1; NULL: by the number that ends seat_number';

ALTER TABLE reservations
    ADD COLUMN hold_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
    ADD COLUMN hold_position SMALLINT UNSIGNED NULL COMMENT 'of the seat in its hold, from 0',
    ADD COLUMN hold_request BINARY(16) NULL COMMENT 'digest of what was asked for: one id is one request',
    ADD COLUMN hold_deadline DATETIME(6) NULL COMMENT 'no extension goes beyond',
    ADD COLUMN booking_id BIGINT NULL,
    ADD COLUMN live_seat_id BIGINT
        GENERATED ALWAYS AS (IF(status IN ('ACTIVE', 'CONFIRMED'), seat_id, NULL)) VIRTUAL;

-- The seats of a hold, and the second of two different requests with one id, which fails here; what a user has in an
-- event, for limits. The server adds columns and keys in one statement only by copying the table.
ALTER TABLE reservations
    ADD UNIQUE KEY uk_hold_position (hold_id, hold_position),
    ADD INDEX idx_event_user (event_id, user_id, status);

-- Until now nobody wrote down that a reservation is over, and its seat may have had another one since.
UPDATE reservations SET status = 'EXPIRED' WHERE status = 'ACTIVE' AND expires_at <= UTC_TIMESTAMP(6);

-- The backstop: whatever a program does wrong, a seat has one live reservation at most. A statement of its own: where
-- there are two already, it fails and says which seat, and everything before it stands.
ALTER TABLE reservations ADD UNIQUE KEY uk_live_seat (live_seat_id);

ALTER TABLE seat_audit
    ADD COLUMN hold_id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL
        COMMENT 'the hold that the change belongs to',
    ADD COLUMN user_id VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NULL
        COMMENT 'whose seat it is after the change',
    ADD COLUMN reserved_until DATETIME(6) NULL COMMENT 'until when, after the change';
