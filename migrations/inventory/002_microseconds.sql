-- The end of a hold to the microsecond: DATETIME rounds to whole seconds, half a second up, so a hold would end
-- before or after the time that its holder was told.
ALTER TABLE seats MODIFY reserved_until DATETIME(6) NULL;
ALTER TABLE reservations MODIFY expires_at DATETIME(6) NOT NULL;
