INSERT INTO ticketctl_migration (
    migration, state, statements, checksum, checksum_algorithm, file_sha256, sql_text,
    started_at, run_by, run_from, tool_version
)
VALUES (
    %(migration)s, 'applying', %(statements)s, %(checksum)s, %(algorithm)s, %(sha256)s, %(text)s,
    UTC_TIMESTAMP(6), CURRENT_USER(), %(run_from)s, %(tool_version)s
)
ON DUPLICATE KEY UPDATE
    statements = %(statements)s, checksum = %(checksum)s, checksum_algorithm = %(algorithm)s,
    file_sha256 = %(sha256)s, sql_text = %(text)s, started_at = UTC_TIMESTAMP(6),
    run_by = CURRENT_USER(), run_from = %(run_from)s, tool_version = %(tool_version)s
