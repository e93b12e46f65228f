SET SESSION sql_mode = 'ANSI_QUOTES';
CREATE TABLE "quoted; table" ("a; column" INT, "b""c" INT);
INSERT INTO "quoted; table" VALUES (1, 2);
CREATE VIEW "v" AS SELECT "a; column" AS "x" FROM "quoted; table";
SET SESSION sql_mode = DEFAULT;
INSERT INTO `quoted; table` VALUES ("3", "4");
