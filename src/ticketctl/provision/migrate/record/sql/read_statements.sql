SELECT s.*
FROM ticketctl_migration_statement AS s
LEFT JOIN ticketctl_migration AS m USING (migration)
WHERE m.state <> 'applied' OR s.state = 'announced'
ORDER BY s.migration, s.direction, s.position
