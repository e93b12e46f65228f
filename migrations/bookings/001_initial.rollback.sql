DROP TABLE IF EXISTS payment_transactions;
DROP TABLE IF EXISTS idempotency_keys;
DROP TABLE IF EXISTS booking_seats;
DROP TABLE IF EXISTS bookings;
