SELECT table_name, column_name
FROM information_schema.columns
WHERE table_schema = DATABASE()
    AND table_name IN ('ticketctl_migration', 'ticketctl_migration_statement', '_yoyo_migration')
