-- depends: 001-session
INSERT INTO tax VALUES (3, @percent);
CREATE TABLE fee (id INT PRIMARY KEY);
