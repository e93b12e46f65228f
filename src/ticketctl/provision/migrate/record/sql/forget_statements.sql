DELETE FROM ticketctl_migration_statement
WHERE migration = %(migration)s
