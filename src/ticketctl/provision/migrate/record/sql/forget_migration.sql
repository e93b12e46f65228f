DELETE FROM ticketctl_migration
WHERE migration = %(migration)s
