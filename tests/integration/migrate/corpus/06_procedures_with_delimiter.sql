CREATE TABLE numbers (n INT PRIMARY KEY, word VARCHAR(20));

DELIMITER //

CREATE PROCEDURE fill_numbers(IN up_to INT)
BEGIN
    DECLARE i INT DEFAULT 1;
    WHILE i <= up_to DO
        INSERT INTO numbers VALUES (i, CASE i WHEN 1 THEN 'one;' WHEN 2 THEN 'two' ELSE CONCAT('n', i) END);
        SET i = i + 1;
    END WHILE;
END//

CREATE PROCEDURE sum_numbers(OUT total BIGINT)
READS SQL DATA
COMMENT 'adds; them up'
BEGIN
    SELECT SUM(n) INTO total FROM numbers;
END //

DELIMITER ;

CALL fill_numbers(5);
CALL sum_numbers(@total);
INSERT INTO numbers VALUES (100, @total);
