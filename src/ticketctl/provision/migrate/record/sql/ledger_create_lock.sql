CREATE TABLE IF NOT EXISTS yoyo_lock (
    locked INT DEFAULT 1,
    ctime TIMESTAMP,
    pid INT NOT NULL,
    PRIMARY KEY (locked)
)
