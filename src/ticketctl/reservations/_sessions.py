"""What a connection is told when it is first used."""

SESSION = (
    # Transactions begin with their first statement and end with COMMIT or ROLLBACK. Whoever waits for a row gives up
    # after a second, and is tried again as long as its patience lasts; the default of 50 seconds outlasts any caller.
    "SET SESSION autocommit = 0, innodb_lock_wait_timeout = 1",
)
