UPDATE ticketctl_migration_statement
SET state = %(state)s, error_number = %(number)s, error_message = %(message)s, finished_at = UTC_TIMESTAMP(6)
WHERE migration = %(migration)s AND direction = %(direction)s AND position = %(position)s
