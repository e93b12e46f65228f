SELECT migration, state, statements, checksum, checksum_algorithm, file_sha256, started_at, finished_at
FROM ticketctl_migration
ORDER BY started_at, migration
