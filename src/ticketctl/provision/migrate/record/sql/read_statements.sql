SELECT s.*
FROM ticketctl_migration_statement AS s
JOIN ticketctl_migration AS m USING (migration)
WHERE m.state <> 'applied'
ORDER BY s.migration, s.direction, s.position
