REPLACE INTO ticketctl_migration (
    migration, state, statements, checksum, checksum_algorithm, file_sha256, sql_text,
    started_at, finished_at, run_by, run_from, tool_version
)
VALUES (
    %(migration)s, 'applied', %(statements)s, %(checksum)s, %(algorithm)s, %(sha256)s, %(text)s,
    UTC_TIMESTAMP(6) - INTERVAL %(microseconds)s MICROSECOND, UTC_TIMESTAMP(6), CURRENT_USER(), %(run_from)s, %(tool_version)s
)
