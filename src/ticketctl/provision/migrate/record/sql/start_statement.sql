INSERT INTO ticketctl_migration_statement
    (migration, direction, position, line, checksum, kind, state, started_at, sql_text, definitions_before)
VALUES (
    %(migration)s, %(direction)s, %(position)s, %(line)s, %(checksum)s, %(kind)s, %(state)s, UTC_TIMESTAMP(6),
    %(text)s, %(before)s
)
ON DUPLICATE KEY UPDATE
    line = %(line)s, checksum = %(checksum)s, kind = %(kind)s, state = %(state)s, started_at = UTC_TIMESTAMP(6),
    finished_at = NULL, error_number = NULL, error_message = NULL,
    sql_text = %(text)s, definitions_before = %(before)s, session_values = NULL
