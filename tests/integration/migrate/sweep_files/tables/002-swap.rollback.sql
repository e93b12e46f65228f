DROP TABLE ticket_old;
CREATE TABLE big_venue AS SELECT * FROM venue WHERE seats > 1000;
DELETE FROM hall;
