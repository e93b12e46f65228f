SELECT pid, COALESCE(CONVERT_TZ(ctime, @@SESSION.time_zone, @@GLOBAL.time_zone), ctime)
FROM yoyo_lock
LIMIT 1
