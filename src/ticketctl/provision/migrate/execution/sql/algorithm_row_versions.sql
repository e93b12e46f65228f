SELECT MAX(TOTAL_ROW_VERSIONS)
FROM information_schema.INNODB_TABLES
WHERE NAME = %(name)s OR NAME LIKE CONCAT(REPLACE(%(name)s, '_', '\\_'), '#p#%%')
