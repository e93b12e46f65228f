-- no-delimiter
CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, `end` INT);
CREATE TRIGGER t_in BEFORE INSERT ON t FOR EACH ROW
    IF NEW.a IS NULL THEN
        SET NEW.a = 1;
        SET NEW.b = 2;
    ELSE
        SET NEW.b = CASE WHEN NEW.a > 5 THEN 50 ELSE 5 END;
    END IF;
CREATE TRIGGER t_up BEFORE UPDATE ON t FOR EACH ROW BEGIN
    SET NEW.end = OLD.a;
    SET NEW.b = NEW.b + 1;
END;
INSERT INTO t (id, a) VALUES (1, NULL), (2, 3), (3, 9);
UPDATE t SET a = a + 1;
