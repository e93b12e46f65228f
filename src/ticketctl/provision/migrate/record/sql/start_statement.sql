REPLACE INTO ticketctl_migration_statement
    (migration, direction, position, line, checksum, kind, state, started_at, sql_text, definitions_before)
VALUES (
    %(migration)s, %(direction)s, %(position)s, %(line)s, %(checksum)s, %(kind)s, %(state)s, UTC_TIMESTAMP(6),
    %(text)s, %(before)s
)
