
DROP PROCEDURE IF EXISTS greet;
DELIMITER $$
CREATE PROCEDURE greet(IN who VARCHAR(50))
BEGIN
    -- a comment; with $ signs
    INSERT INTO greetings VALUES (CONCAT('Hello, ', who, '; $ ',
'on two lines'));
END$$
DELIMITER ;
CREATE TABLE greetings (text VARCHAR(100));
CALL greet('world');
INSERT INTO greetings VALUES ('line
break');
