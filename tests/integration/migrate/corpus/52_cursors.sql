CREATE TABLE source_rows (id INT PRIMARY KEY, kind CHAR(1), amount INT);
CREATE TABLE totals (kind CHAR(1) PRIMARY KEY, total INT, largest INT);
INSERT INTO source_rows VALUES (1, 'a', 5), (2, 'b', 7), (3, 'a', 11), (4, 'c', NULL);
DELIMITER $$
CREATE PROCEDURE summarise()
BEGIN
    DECLARE finished BOOLEAN DEFAULT FALSE;
    DECLARE k CHAR(1);
    DECLARE n INT;
    DECLARE walk CURSOR FOR SELECT kind, amount FROM source_rows ORDER BY id;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET finished = TRUE;

    OPEN walk;
    each_row: LOOP
        FETCH walk INTO k, n;
        IF finished THEN
            LEAVE each_row;
        END IF;
        IF n IS NULL THEN
            ITERATE each_row;
        END IF;
        INSERT INTO totals VALUES (k, n, n)
            ON DUPLICATE KEY UPDATE total = total + n, largest = GREATEST(largest, n);
    END LOOP each_row;
    CLOSE walk;
END$$
DELIMITER ;
CALL summarise();
