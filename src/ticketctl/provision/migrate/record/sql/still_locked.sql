DO IF(IS_USED_LOCK(%(lock)s) = %(owner)s, 0, (SELECT 0 UNION ALL SELECT 0))
