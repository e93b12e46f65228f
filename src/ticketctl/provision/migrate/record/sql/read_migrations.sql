SELECT JSON_ARRAYAGG(JSON_ARRAY(
    migration, state, statements, checksum, checksum_algorithm, file_sha256, started_at, finished_at, run_from
))
FROM ticketctl_migration
