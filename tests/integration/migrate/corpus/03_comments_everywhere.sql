# A hash comment; with a semicolon
-- A dash comment; with 'an unbalanced quote
/* A block comment;
   with "another unbalanced quote
   and DELIMITER // in it */
CREATE /* in the middle; */ TABLE t ( -- behind the parenthesis;
    a INT, # behind a column;
    /* before a column; */ b INT /* behind it; */
) /* before the delimiter; */ ;
/**/
--
#
/***/ INSERT INTO t /* ' */ VALUES (1, /* " */ 2); -- the end;
INSERT INTO t VALUES (3, 4) -- the last one has no delimiter;
