INSERT INTO ticketctl_migration_statement
    (migration, direction, position, line, checksum, kind, state, error_number, error_message, started_at, finished_at)
VALUES (
    %(migration)s, %(direction)s, %(position)s, %(line)s, %(checksum)s, %(kind)s, 'failed', %(number)s, %(message)s,
    UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)
)
ON DUPLICATE KEY UPDATE
    state = 'failed', error_number = %(number)s, error_message = %(message)s, finished_at = UTC_TIMESTAMP(6),
    sql_text = NULL, definitions_before = NULL
