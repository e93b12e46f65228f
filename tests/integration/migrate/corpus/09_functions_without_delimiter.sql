-- no-delimiter
CREATE FUNCTION grade(score INT) RETURNS CHAR(1) CHARACTER SET utf8mb4 DETERMINISTIC
BEGIN
    CASE
        WHEN score >= 90 THEN RETURN 'A';
        WHEN score >= 80 THEN RETURN 'B';
        ELSE
            IF score < 0 THEN
                RETURN '?';
            END IF;
            RETURN CASE WHEN score >= 70 THEN 'C' ELSE 'F' END;
    END CASE;
END;
CREATE FUNCTION sign_of(x INT) RETURNS INT DETERMINISTIC NO SQL RETURN IF(x < 0, -1, IF(x > 0, 1, 0));
CREATE FUNCTION stars(n INT) RETURNS VARCHAR(50) DETERMINISTIC
    RETURN REPEAT('*', n);
CREATE TABLE results (score INT, grade CHAR(1), stars VARCHAR(50));
INSERT INTO results SELECT s.score, grade(s.score), stars(sign_of(s.score) + 2)
FROM (SELECT 95 AS score UNION ALL SELECT 85 UNION ALL SELECT 71 UNION ALL SELECT 3 UNION ALL SELECT -3) AS s;
