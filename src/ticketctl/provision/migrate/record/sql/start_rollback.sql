UPDATE ticketctl_migration
SET state = 'rolling_back', started_at = UTC_TIMESTAMP(6), finished_at = NULL, run_by = CURRENT_USER(),
    run_from = %(run_from)s, tool_version = %(tool_version)s
WHERE migration = %(migration)s
