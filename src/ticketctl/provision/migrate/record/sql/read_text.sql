SELECT sql_text
FROM ticketctl_migration
WHERE migration = %(migration)s
