INSERT INTO ticketctl_migration_statement
    (migration, direction, position, line, checksum, kind, state, started_at, finished_at, session_values)
VALUES (
    CONVERT(UNHEX(%(migration_hex)s) USING utf8mb4), %(direction)s, %(position)s, %(line)s, %(checksum)s, %(kind)s,
    'done', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), %(values)s
)
ON DUPLICATE KEY UPDATE
    line = %(line)s, checksum = %(checksum)s, kind = %(kind)s, state = 'done', finished_at = UTC_TIMESTAMP(6),
    error_number = NULL, error_message = NULL, sql_text = NULL, definitions_before = NULL, session_values = %(values)s
