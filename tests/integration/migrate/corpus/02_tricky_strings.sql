CREATE TABLE notes (id INT PRIMARY KEY, body TEXT);
INSERT INTO notes VALUES
    (1, 'semicolon; inside'),
    (2, 'it''s doubled; and \'escaped\';'),
    (3, "double "" quoted; with 'single' inside"),
    (4, 'ends in a backslash \\'),
    (5, '-- not a comment; # nor this; /* nor this */'),
    (6, 'two
lines; of text'),
    (7, 'tab\tnewline\nzero\0percent\%underscore\_ctrl-z\Z'),
    (8, '%s %(name)s {} $1 ? :name'),
    (9, 'größe 日本語 😀; ’ “” '),
    (10, ''), (11, NULL), (12, ';'), (13, ''''), (14, '\''), (15, "\""), (16, "'");
INSERT INTO notes VALUES (17, 'a' 'b' "c;"), (18, _utf8mb4'introduced;'), (19, N'national;');
INSERT INTO notes SELECT 20, 5--1;
INSERT INTO notes VALUES (21, 1 -- 1), ignored; to the end of the line
    + 2);
