SET @percent = 19;
SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE TABLE "tax" (id INT PRIMARY KEY, percent INT);
SELECT 1;
INSERT INTO "tax" VALUES (1, @percent);
SET @percent = @percent + 1;
INSERT INTO "tax" VALUES (2, @percent);
SET SESSION sql_mode = DEFAULT, time_zone = '+02:00';
