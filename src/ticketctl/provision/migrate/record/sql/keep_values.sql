UPDATE ticketctl_migration_statement
SET finished_at = UTC_TIMESTAMP(6), session_values = %(values)s
WHERE migration = CONVERT(UNHEX(%(migration_hex)s) USING utf8mb4) AND direction = %(direction)s AND position = %(position)s
