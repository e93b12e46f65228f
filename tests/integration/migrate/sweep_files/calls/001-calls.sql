CREATE TABLE visit (number INT, page VARCHAR(20));
CREATE PROCEDURE visit_twice() INSERT INTO visit VALUES (1, 'home'), (2, 'shop');
-- cannot be told
CALL visit_twice();
INSERT INTO visit VALUES (3, 'checkout');
-- cannot be told
CALL visit_twice();
