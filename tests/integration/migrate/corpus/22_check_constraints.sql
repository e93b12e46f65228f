CREATE TABLE bookings (
    id INT PRIMARY KEY,
    seats INT CHECK (seats > 0),
    code CHAR(6) NOT NULL,
    starts DATE, ends DATE,
    CONSTRAINT chk_code CHECK (REGEXP_LIKE(code, '^[A-Z;]{3}[0-9]{3}$', 'c')),
    CONSTRAINT chk_order CHECK (starts <= ends)
);
ALTER TABLE bookings ADD CONSTRAINT chk_many CHECK (seats < 1000) NOT ENFORCED;
ALTER TABLE bookings ALTER CHECK chk_many ENFORCED, DROP CHECK chk_order;
INSERT INTO bookings VALUES (1, 5, 'AB;123', '2024-02-01', '2024-01-01');
