SELECT table_name, COALESCE(auto_increment, 1)
FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_name IN %(names)s
