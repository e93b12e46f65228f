-- The end of a hold to the microsecond: DATETIME rounds to whole seconds, half a second up, so a hold would end
-- before or after the time that its holder was told.
-- And two users whose names differ by an accent or a capital are two users. Both in one statement, as it copies the table.
ALTER TABLE seats MODIFY reserved_until DATETIME(6) NULL;
ALTER TABLE reservations
    MODIFY expires_at DATETIME(6) NOT NULL,
    MODIFY user_id VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL;
