ALTER TABLE ticketctl_migration_statement
    MODIFY COLUMN state ENUM('started', 'done', 'failed', 'announced') NOT NULL
        COMMENT 'started: its outcome is not known; announced: follows one that was started, may have been too',
    ADD COLUMN sql_text LONGTEXT NULL COMMENT 'while its outcome is not known: the statement',
    ADD COLUMN definitions_before LONGTEXT NULL COMMENT 'while its outcome is not known: JSON of what it may change, as it was before',
    ADD COLUMN session_values TEXT NULL COMMENT 'JSON of the user variables that later statements read',
    COMMENT='ticketctl migrate, format 2: how far each migration has come'
