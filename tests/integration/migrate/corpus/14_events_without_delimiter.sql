-- no-delimiter
CREATE TABLE jobs (id INT PRIMARY KEY, state VARCHAR(10));
CREATE EVENT expire ON SCHEDULE EVERY 2 HOUR STARTS '2030-01-01 00:00:00' DISABLE DO
BEGIN
    UPDATE jobs SET state = 'expired' WHERE state = 'new';
    DELETE FROM jobs WHERE state = 'done';
END;
ALTER EVENT expire ON SCHEDULE EVERY 3 HOUR STARTS '2030-02-01 00:00:00' DO
expiring: BEGIN
    UPDATE jobs SET state = 'old';
    LEAVE expiring;
END expiring;
