UPDATE ticketctl_migration_statement
SET state = 'done', finished_at = UTC_TIMESTAMP(6), error_number = NULL, error_message = NULL,
    sql_text = NULL, definitions_before = NULL, session_values = %(values)s
WHERE (migration, direction, position) IN %(keys)s
