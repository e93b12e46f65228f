DELETE FROM ticketctl_migration_statement
WHERE migration = %(migration)s AND direction = %(direction)s AND position >= %(position)s
