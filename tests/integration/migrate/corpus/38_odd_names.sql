CREATE TABLE `select` (`from` INT, `where;` INT, `back``tick` INT, `with space` INT, `größe` INT, `a.b` INT, `"q"` INT, `'s'` INT);
INSERT INTO `select` (`from`, `where;`, `back``tick`) VALUES (1, 2, 3);
CREATE TABLE größe (straße INT, begin INT, end INT, `case` INT);
INSERT INTO größe (begin, end) VALUES (1, 2);
UPDATE größe SET end = begin + end WHERE begin < end;
CREATE TABLE `-- not a comment` (`/* nor this */` INT, `# or this` INT);
CREATE TABLE $money (a$b INT, c$$ INT);
INSERT INTO $money VALUES (1, 2);
CREATE TABLE `delimiter` (delimiter INT, source INT, status INT, help INT);
