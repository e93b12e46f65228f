-- Events: what is sold, at which price, and the outbox that carries changes to the search index.

CREATE TABLE IF NOT EXISTS events (
    event_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    event_name VARCHAR(255) NOT NULL,
    event_date DATETIME NOT NULL,
    venue_name VARCHAR(255),
    total_seats INT NOT NULL,
    available_seats INT NOT NULL,
    status ENUM('UPCOMING', 'ON_SALE', 'SOLD_OUT', 'CANCELLED') DEFAULT 'UPCOMING',
    sale_start_time DATETIME,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    INDEX idx_sale_start_time (sale_start_time),
    INDEX idx_status (status),
    INDEX idx_event_date (event_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Change data capture to Elasticsearch: written in the transaction of the change itself.
CREATE TABLE IF NOT EXISTS outbox_events (
    id BIGINT PRIMARY KEY AUTO_INCREMENT,
    aggregate_id BIGINT NOT NULL,
    aggregate_type VARCHAR(50) NOT NULL,
    event_type VARCHAR(50) NOT NULL,
    payload JSON NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    processed BOOLEAN DEFAULT FALSE,
    INDEX idx_processed (processed),
    INDEX idx_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- A rule either sets a price or moves the seat's own price by a percentage, for all seats of an
-- event or for those of a type, a section, or both. The active rule with the highest priority wins.
-- Rules are few and rarely written, so the foreign key costs nothing that matters; it refuses to
-- delete an event that still has rules.
CREATE TABLE IF NOT EXISTS event_pricing_rules (
    rule_id BIGINT PRIMARY KEY AUTO_INCREMENT,
    event_id BIGINT NOT NULL,
    rule_name VARCHAR(100) NOT NULL,
    seat_type ENUM('REGULAR', 'VIP', 'PREMIUM') NULL COMMENT 'NULL: every type',
    section VARCHAR(50) NULL COMMENT 'NULL: every section',
    price DECIMAL(10, 2) NULL COMMENT 'the new price, in currency',
    currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'ISO 4217, with price only',
    percent DECIMAL(5, 2) NULL COMMENT '-20.00 takes a fifth off',
    priority INT NOT NULL DEFAULT 0,
    valid_from DATETIME NULL COMMENT 'UTC, inclusive; NULL: always',
    valid_until DATETIME NULL COMMENT 'UTC, exclusive; NULL: for ever',
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    -- Importing the same rule twice must not make two of it; also serves the foreign key.
    UNIQUE KEY uk_event_rule_name (event_id, rule_name),
    -- Pricing a seat: the active rules of one event, best first, without sorting. Ask for `active = TRUE`;
    -- a bare `active` means "not zero", which no index serves.
    INDEX idx_event_active_priority (event_id, active, priority DESC),
    -- The job that retires rules which have run out.
    INDEX idx_valid_until (valid_until),
    CONSTRAINT fk_pricing_rules_event FOREIGN KEY (event_id) REFERENCES events (event_id),
    CONSTRAINT ck_pricing_rules_one_effect CHECK ((price IS NULL) <> (percent IS NULL)),
    CONSTRAINT ck_pricing_rules_price CHECK (price >= 0),
    CONSTRAINT ck_pricing_rules_percent CHECK (percent >= -100),
    CONSTRAINT ck_pricing_rules_currency
        CHECK ((price IS NULL) = (currency IS NULL) AND REGEXP_LIKE(currency, '^[A-Z]{3}$', 'c')),
    CONSTRAINT ck_pricing_rules_period CHECK (valid_from < valid_until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
