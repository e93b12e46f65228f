DROP TABLE reservation_guards;
