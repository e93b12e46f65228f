CREATE TABLE IF NOT EXISTS _yoyo_migration (
    migration_hash VARCHAR(64),
    migration_id VARCHAR(255),
    applied_at_utc TIMESTAMP,
    PRIMARY KEY (migration_hash)
)
