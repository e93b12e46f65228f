SELECT
    (SELECT MAX(version) FROM _yoyo_version),
    (SELECT JSON_ARRAYAGG(migration_id) FROM _yoyo_migration),
    (
        SELECT JSON_ARRAYAGG(migration_id)
        FROM _yoyo_log AS l
        WHERE operation IN ('rollback', 'unmark')
            AND NOT EXISTS (SELECT 1 FROM _yoyo_migration AS m WHERE m.migration_hash = l.migration_hash)
    )
