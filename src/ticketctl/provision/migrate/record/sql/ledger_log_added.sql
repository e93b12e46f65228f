INSERT INTO _yoyo_log (id, migration_hash, migration_id, operation, username, hostname, created_at_utc)
SELECT %(id)s, %(hash)s, %(name)s, %(operation)s, %(username)s, %(hostname)s, CURRENT_TIMESTAMP(6)
FROM DUAL
WHERE NOT EXISTS (SELECT 1 FROM _yoyo_migration WHERE migration_hash = %(hash)s)
