DELETE FROM ticketctl_migration
WHERE migration = %(migration)s AND IS_USED_LOCK(%(lock)s) = %(owner)s
