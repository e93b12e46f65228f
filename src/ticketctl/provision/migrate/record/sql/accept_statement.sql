UPDATE ticketctl_migration_statement
SET line = %(line)s, checksum = %(checksum)s
WHERE migration = %(migration)s AND direction = %(direction)s AND position = %(position)s
