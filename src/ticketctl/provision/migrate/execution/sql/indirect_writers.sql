SELECT EXISTS (SELECT 1 FROM information_schema.triggers WHERE trigger_schema = DATABASE())
    OR EXISTS (
        SELECT 1 FROM information_schema.routines
        WHERE routine_schema = DATABASE() AND routine_type = 'FUNCTION'
    )
    OR EXISTS (SELECT 1 FROM information_schema.views WHERE table_schema = DATABASE())
