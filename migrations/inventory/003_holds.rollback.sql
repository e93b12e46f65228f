ALTER TABLE seat_audit DROP COLUMN reserved_until, DROP COLUMN user_id, DROP COLUMN hold_id;
ALTER TABLE reservations DROP INDEX uk_live_seat, DROP INDEX idx_event_user, DROP INDEX uk_hold_position;
ALTER TABLE reservations
    DROP COLUMN live_seat_id,
    DROP COLUMN booking_id,
    DROP COLUMN hold_deadline,
    DROP COLUMN hold_request,
    DROP COLUMN hold_position,
    DROP COLUMN hold_id;
ALTER TABLE seats DROP COLUMN row_position, DROP COLUMN hold_id;
