CREATE TABLE t (
    a INT COMMENT 'it''s; a "column" with `ticks` -- and # more /* signs */',
    b INT COMMENT "another; 'one'",
    KEY k (a) COMMENT 'key; comment'
) COMMENT = 'a table''s comment; with \\ and \'quotes\' and
a second line';
ALTER TABLE t COMMENT 'new; DELIMITER //';
ALTER TABLE t MODIFY a INT COMMENT '';
