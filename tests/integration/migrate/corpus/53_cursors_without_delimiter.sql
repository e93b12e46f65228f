-- no-delimiter
CREATE TABLE queue (id INT PRIMARY KEY, state VARCHAR(10) DEFAULT 'new');
INSERT INTO queue (id) VALUES (1), (2), (3);
CREATE PROCEDURE drain()
drain_all: BEGIN
    DECLARE current INT;
    DECLARE failed CONDITION FOR SQLSTATE '45000';
    DECLARE c CURSOR FOR SELECT id FROM queue WHERE state = 'new' ORDER BY id;
    DECLARE EXIT HANDLER FOR NOT FOUND BEGIN
        CLOSE c;
    END;
    DECLARE CONTINUE HANDLER FOR failed, 1062 UPDATE queue SET state = CONCAT(state, '!') WHERE id = current;
    OPEN c;
    WHILE TRUE DO
        FETCH c INTO current;
        CASE current
            WHEN 2 THEN SIGNAL failed;
            ELSE BEGIN
                UPDATE queue SET state = IF(current = 1, 'first', 'later') WHERE id = current;
            END;
        END CASE;
    END WHILE;
END drain_all;
CALL drain();
