SELECT table_name
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name IN ('_yoyo_log', '_yoyo_migration', '_yoyo_version', 'yoyo_lock')
