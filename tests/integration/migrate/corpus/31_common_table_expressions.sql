CREATE TABLE calendar (day DATE PRIMARY KEY, weekday TINYINT, is_last BOOLEAN);
INSERT INTO calendar
WITH RECURSIVE days AS (
    SELECT DATE '2024-02-25' AS day
    UNION ALL
    SELECT day + INTERVAL 1 DAY FROM days WHERE day < '2024-03-03'
)
SELECT day, WEEKDAY(day), day = LAST_DAY(day) FROM days;
WITH last_days AS (SELECT day FROM calendar WHERE is_last) DELETE FROM calendar WHERE day IN (SELECT day FROM last_days);
WITH w AS (SELECT 5 AS x) UPDATE calendar, w SET calendar.weekday = 50 WHERE weekday = w.x;
