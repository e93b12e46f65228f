CREATE TABLE numbers (label VARCHAR(20), value DECIMAL(20,5));
INSERT INTO numbers VALUES ('5--1', 5--1), ('5- -1', 5- -1), ('5 --1', 5 --1), ('2*3', 2*/* times */3), ('6/2', 6/ 2);
INSERT INTO numbers VALUES ('exp', 1.5e-3), ('hex', 0x1F), ('neg', -.5), ('bits', 7&3|8), ('shift', 1<<4), ('mod', 17%5);
INSERT INTO numbers SELECT 'tail', 1 --
+ 1;
