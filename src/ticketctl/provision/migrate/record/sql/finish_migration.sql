UPDATE ticketctl_migration
SET state = 'applied', finished_at = UTC_TIMESTAMP(6)
WHERE migration = %(migration)s
