UPDATE stock SET amount = amount - 1;
DROP TABLE stock;
DROP TABLE shipped;
