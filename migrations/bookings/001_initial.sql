-- Bookings: who bought what, how it was paid, and what keeps a retry from buying it again.

-- booking_reference is unique and indexed once more by idx_booking_reference, as specified; the server
-- notes the second index as redundant (1831).
CREATE TABLE IF NOT EXISTS bookings (
    booking_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    event_id BIGINT NOT NULL,
    user_id VARCHAR(50) NOT NULL,
    total_amount DECIMAL(10, 2) NOT NULL,
    status ENUM('PENDING', 'CONFIRMED', 'CANCELLED', 'FAILED') DEFAULT 'PENDING',
    payment_id VARCHAR(100),
    payment_status ENUM('PENDING', 'SUCCESS', 'FAILED') DEFAULT 'PENDING',
    booking_reference VARCHAR(50) UNIQUE NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    confirmed_at TIMESTAMP NULL,
    INDEX idx_user_id (user_id),
    INDEX idx_booking_reference (booking_reference),
    INDEX idx_status (status),
    INDEX idx_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS booking_seats (
    booking_seat_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    booking_id BIGINT NOT NULL,
    seat_id BIGINT NOT NULL,
    price DECIMAL(10, 2) NOT NULL,
    UNIQUE KEY uk_booking_seat (booking_id, seat_id),
    INDEX idx_seat_id (seat_id),
    INDEX idx_booking_id (booking_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Keeps a repeated request from making a second booking.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    idempotency_key VARCHAR(100) PRIMARY KEY,
    booking_id BIGINT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    expires_at TIMESTAMP NOT NULL,
    INDEX idx_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Every movement of money, as asked of and answered by the payment provider. Rows are added and
-- finished, never deleted: the foreign key refuses to delete a booking for which money moved. A booking is
-- paid by one customer, so the lock that the key takes on its row is not contended.
CREATE TABLE IF NOT EXISTS payment_transactions (
    transaction_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    booking_id BIGINT NOT NULL,
    transaction_type ENUM('CHARGE', 'REFUND') NOT NULL,
    refunded_transaction_id BIGINT NULL COMMENT 'the charge that a refund gives back',
    status ENUM('PENDING', 'SUCCESS', 'FAILED') NOT NULL DEFAULT 'PENDING',
    amount DECIMAL(10, 2) NOT NULL COMMENT 'always positive, the type gives the direction',
    currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'ISO 4217',
    provider VARCHAR(50) NOT NULL,
    provider_reference VARCHAR(100) NULL COMMENT 'the id given by the provider, once it has answered',
    idempotency_key VARCHAR(100) NOT NULL COMMENT 'sent to the provider',
    failure_code VARCHAR(50) NULL,
    failure_message VARCHAR(255) NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    -- A retry of the adapter finds its first attempt instead of charging again.
    UNIQUE KEY uk_idempotency_key (idempotency_key),
    -- A webhook names the transaction by the provider's id, possibly twice.
    UNIQUE KEY uk_provider_reference (provider, provider_reference),
    -- The payments of a booking in order; also serves the foreign key.
    INDEX idx_booking_created (booking_id, created_at),
    -- Reconciliation: what is still pending after a while.
    INDEX idx_status_created (status, created_at),
    INDEX idx_refunded_transaction (refunded_transaction_id),
    CONSTRAINT fk_payment_transactions_booking FOREIGN KEY (booking_id) REFERENCES bookings (booking_id),
    CONSTRAINT fk_payment_transactions_refunded
        FOREIGN KEY (refunded_transaction_id) REFERENCES payment_transactions (transaction_id),
    CONSTRAINT ck_payment_transactions_amount CHECK (amount > 0),
    CONSTRAINT ck_payment_transactions_currency CHECK (REGEXP_LIKE(currency, '^[A-Z]{3}$', 'c')),
    CONSTRAINT ck_payment_transactions_refund
        CHECK ((transaction_type = 'REFUND') = (refunded_transaction_id IS NOT NULL)),
    CONSTRAINT ck_payment_transactions_failure CHECK (status = 'FAILED' OR failure_code IS NULL),
    CONSTRAINT ck_payment_transactions_success CHECK (status <> 'SUCCESS' OR provider_reference IS NOT NULL)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
