DELETE FROM ticketctl_migration_statement
WHERE state = 'announced'
