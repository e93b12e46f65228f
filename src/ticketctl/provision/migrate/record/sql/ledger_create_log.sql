CREATE TABLE IF NOT EXISTS _yoyo_log (
    id VARCHAR(36),
    migration_hash VARCHAR(64),
    migration_id VARCHAR(255),
    operation VARCHAR(10),
    username VARCHAR(255),
    hostname VARCHAR(255),
    comment VARCHAR(255),
    created_at_utc TIMESTAMP,
    PRIMARY KEY (id)
)
