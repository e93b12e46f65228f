DELETE FROM _yoyo_migration
WHERE migration_hash = %(hash)s
