-- What a limit is counted behind: a transaction that may bring a user nearer to a limit in an event locks this row
-- first and counts then, so two of them come one after the other. The empty user stands for the event as a whole.
CREATE TABLE reservation_guards (
    event_id BIGINT NOT NULL,
    user_id VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin NOT NULL,
    PRIMARY KEY (event_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
