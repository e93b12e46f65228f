DROP TABLE payment;
DROP TABLE booking;
