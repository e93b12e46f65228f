CREATE TABLE blobs (id INT PRIMARY KEY, raw VARBINARY(64), bits BIT(10), fixed BINARY(4), big LONGBLOB);
INSERT INTO blobs VALUES
    (1, X'DEADBEEF3B2700', b'1010101010', 'ab', x'5C27223B'),
    (2, 0x00010203, 0b11, '\0;\'', UNHEX('FF00FE')),
    (3, _binary'\0\n\r\\\'\"\Z;', B'1', X'', _binary X'80');
UPDATE blobs SET big = REPEAT(big, 3), raw = CONCAT(raw, ';') WHERE id <> 2;
