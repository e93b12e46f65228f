CREATE TABLE report (id INT PRIMARY KEY);
-- cannot be told
GRANT SELECT ON report TO sweep_grantee;
INSERT INTO report VALUES (1);
