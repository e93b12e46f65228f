UPDATE ticketctl_migration
SET statements = %(statements)s, checksum = %(checksum)s, checksum_algorithm = %(algorithm)s,
    file_sha256 = %(sha256)s, sql_text = %(text)s
WHERE migration = %(migration)s
