CREATE TABLE before_it (id INT PRIMARY KEY);
-- cannot be told
SET GLOBAL max_connect_errors = 123;
CREATE TABLE after_it (id INT PRIMARY KEY);
