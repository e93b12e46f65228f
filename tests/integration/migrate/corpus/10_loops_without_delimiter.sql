-- no-delimiter
CREATE TABLE fib (n INT PRIMARY KEY, value BIGINT);
CREATE PROCEDURE fill_fib(IN count INT)
BEGIN
    DECLARE a, b, i BIGINT DEFAULT 0;
    SET b = 1;
    filling: LOOP
        IF i >= count THEN LEAVE filling; END IF;
        INSERT INTO fib VALUES (i, a);
        SET @next = a + b, a = b, b = @next, i = i + 1;
        IF i MOD 2 = 0 THEN ITERATE filling; END IF;
    END LOOP filling;
    REPEAT
        SET i = i - 1;
    UNTIL i <= 0 END REPEAT;
    WHILE i < 3 DO
        SET i = i + 1;
    END WHILE;
    INSERT INTO fib VALUES (-1, i);
END;
CALL fill_fib(10);
