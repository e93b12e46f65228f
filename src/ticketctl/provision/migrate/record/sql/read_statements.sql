SELECT s.migration, s.direction, s.position, s.line, s.checksum, s.kind, s.state, s.error_number, s.error_message
FROM ticketctl_migration_statement AS s
JOIN ticketctl_migration AS m USING (migration)
WHERE m.state <> 'applied'
ORDER BY s.migration, s.direction, s.position
