SELECT COALESCE(data_length, 0) + COALESCE(index_length, 0), DATABASE(), VERSION()
FROM information_schema.tables
WHERE table_schema = COALESCE(NULLIF(%(database)s, ''), DATABASE()) AND table_name = %(table)s
