INSERT INTO _yoyo_version (version, installed_at_utc)
SELECT %(version)s, CURRENT_TIMESTAMP(6)
FROM DUAL
WHERE NOT EXISTS (SELECT 1 FROM _yoyo_version)
