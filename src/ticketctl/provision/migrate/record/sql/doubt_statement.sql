UPDATE ticketctl_migration_statement
SET state = 'started', error_message = %(message)s
WHERE migration = %(migration)s AND direction = %(direction)s AND position = %(position)s AND state IN ('started', 'announced')
