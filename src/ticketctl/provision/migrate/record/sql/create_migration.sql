CREATE TABLE IF NOT EXISTS ticketctl_migration (
    migration VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
    state ENUM('applying', 'applied', 'rolling_back') NOT NULL,
    statements INT UNSIGNED NOT NULL,
    checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    checksum_algorithm VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    file_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sql_text LONGTEXT NOT NULL,
    started_at DATETIME(6) NOT NULL COMMENT 'UTC',
    finished_at DATETIME(6) NULL COMMENT 'UTC',
    run_by VARCHAR(300) NOT NULL COMMENT 'MySQL account',
    run_from VARCHAR(300) NOT NULL COMMENT 'machine and process',
    tool_version VARCHAR(32) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='ticketctl migrate, format 2: which migrations are applied'
