SELECT 'table', table_name
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name NOT REGEXP '^(ticketctl_migration|_yoyo|yoyo_lock$)'
UNION ALL
SELECT LOWER(routine_type), routine_name
FROM information_schema.routines
WHERE routine_schema = DATABASE() AND routine_type IN ('PROCEDURE', 'FUNCTION')
UNION ALL
SELECT 'trigger', trigger_name
FROM information_schema.triggers
WHERE trigger_schema = DATABASE()
