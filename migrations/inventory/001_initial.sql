-- Inventory: which seats there are, who holds them, and what happened to them.
-- `row_number` is a reserved word since MySQL 8.0 and needs its backticks wherever it is used.

CREATE TABLE IF NOT EXISTS seats (
    seat_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    event_id BIGINT NOT NULL,
    seat_number VARCHAR(20) NOT NULL,
    section VARCHAR(50),
    `row_number` VARCHAR(10),
    seat_type ENUM('REGULAR', 'VIP', 'PREMIUM') DEFAULT 'REGULAR',
    price DECIMAL(10, 2) NOT NULL,
    status ENUM('AVAILABLE', 'RESERVED', 'BOOKED', 'BLOCKED') DEFAULT 'AVAILABLE',
    version BIGINT DEFAULT 0, -- for optimistic locking
    reserved_by VARCHAR(50),
    reserved_until DATETIME,
    booking_id BIGINT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    UNIQUE KEY uk_event_seat (event_id, seat_number),
    INDEX idx_event_status (event_id, status),
    INDEX idx_reserved_until (reserved_until),
    INDEX idx_version (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS reservations (
    reservation_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    seat_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    user_id VARCHAR(50) NOT NULL,
    session_id VARCHAR(100),
    expires_at DATETIME NOT NULL,
    status ENUM('ACTIVE', 'CONFIRMED', 'EXPIRED', 'CANCELLED') DEFAULT 'ACTIVE',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    INDEX idx_seat_id (seat_id),
    INDEX idx_expires_at (expires_at),
    INDEX idx_user_id (user_id),
    INDEX idx_status (status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- One row for each change of a seat, written in the transaction of the change, never updated.
-- No foreign keys: each insert would lock the row of the seat, in the very moments when everybody wants it,
-- and the history must outlive what it tells about.
CREATE TABLE IF NOT EXISTS seat_audit (
    audit_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    seat_id BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    seat_version BIGINT NOT NULL COMMENT 'seats.version after the change',
    old_status ENUM('AVAILABLE', 'RESERVED', 'BOOKED', 'BLOCKED') NULL COMMENT 'NULL: the seat was created',
    new_status ENUM('AVAILABLE', 'RESERVED', 'BOOKED', 'BLOCKED') NULL COMMENT 'NULL: the seat was removed',
    changed_by VARCHAR(50) NULL COMMENT 'user or service',
    reason VARCHAR(100) NULL,
    reservation_id BIGINT NULL,
    booking_id BIGINT NULL,
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    -- The history of a seat in order. Unique, because two changes with one version mean that the
    -- optimistic lock was passed twice: a seat sold twice fails here at the latest.
    UNIQUE KEY uk_seat_version (seat_id, seat_version),
    -- What happened in an event between two moments.
    INDEX idx_event_created (event_id, created_at),
    -- Support: everything that a booking did.
    INDEX idx_booking_id (booking_id),
    -- The job that removes old history in slices.
    INDEX idx_created_at (created_at),
    CONSTRAINT ck_seat_audit_change CHECK (NOT (old_status <=> new_status) OR reason IS NOT NULL)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
