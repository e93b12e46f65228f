SELECT GROUP_CONCAT(table_id ORDER BY table_id)
FROM information_schema.innodb_tables
WHERE SUBSTRING_INDEX(name, '#p#', 1) = %(name)s
