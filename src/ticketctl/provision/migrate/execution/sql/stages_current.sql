SELECT s.EVENT_NAME, s.WORK_COMPLETED, s.WORK_ESTIMATED, t.PROCESSLIST_STATE
FROM performance_schema.threads AS t
LEFT JOIN performance_schema.events_stages_current AS s ON s.THREAD_ID = t.THREAD_ID
WHERE t.PROCESSLIST_ID = %(connection_id)s AND t.PROCESSLIST_COMMAND <> 'Sleep'
