DROP TABLE venue_new;
DROP TABLE IF EXISTS hall, big_venue;
DROP TABLE venue;
