CREATE TABLE staff (id INT PRIMARY KEY, fullname VARCHAR(50), tel VARCHAR(20), KEY k_tel (tel));
INSERT INTO staff VALUES (1, 'Ann', '1;2');
ALTER TABLE staff RENAME COLUMN fullname TO full_name, RENAME COLUMN tel TO phone;
ALTER TABLE staff CHANGE phone phone_number VARCHAR(40) NOT NULL DEFAULT '' AFTER id;
ALTER TABLE staff RENAME TO employees;
RENAME TABLE employees TO workers;
ALTER TABLE workers RENAME INDEX k_tel TO k_phone;
