CREATE TABLE logs (id INT PRIMARY KEY, level INT, at DATETIME);
DROP PROCEDURE IF EXISTS add_index_if_missing;
DELIMITER $$
CREATE PROCEDURE add_index_if_missing(IN tab VARCHAR(64), IN idx VARCHAR(64), IN cols VARCHAR(200))
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.statistics
                   WHERE table_schema = DATABASE() AND table_name = tab AND index_name = idx) THEN
        SET @sql = CONCAT('CREATE INDEX `', idx, '` ON `', tab, '` (', cols, ');');
        PREPARE stmt FROM @sql;
        EXECUTE stmt;
        DEALLOCATE PREPARE stmt;
    END IF;
END$$
DELIMITER ;
CALL add_index_if_missing('logs', 'idx_level', '`level`, `at`');
CALL add_index_if_missing('logs', 'idx_level', '`level`');
DROP PROCEDURE add_index_if_missing;
