INSERT INTO _yoyo_migration (migration_hash, migration_id, applied_at_utc)
VALUES (%(hash)s, %(name)s, CURRENT_TIMESTAMP(6))
ON DUPLICATE KEY UPDATE migration_id = migration_id
