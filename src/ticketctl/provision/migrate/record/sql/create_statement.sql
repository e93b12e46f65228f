CREATE TABLE IF NOT EXISTS ticketctl_migration_statement (
    migration VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    direction ENUM('apply', 'rollback') NOT NULL,
    position INT UNSIGNED NOT NULL COMMENT 'counted from 1',
    line INT UNSIGNED NOT NULL,
    checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state ENUM('started', 'done', 'failed', 'announced') NOT NULL
        COMMENT 'started: its outcome is not known; announced: follows one that was started, may have been too',
    error_number INT UNSIGNED NULL,
    error_message TEXT NULL,
    started_at DATETIME(6) NOT NULL COMMENT 'UTC',
    finished_at DATETIME(6) NULL COMMENT 'UTC',
    sql_text LONGTEXT NULL COMMENT 'while its outcome is not known: the statement',
    definitions_before LONGTEXT NULL COMMENT 'while its outcome is not known: JSON of what it may change, as it was before',
    session_values TEXT NULL COMMENT 'JSON of the user variables that later statements read',
    PRIMARY KEY (migration, direction, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='ticketctl migrate, format 2: how far each migration has come'
