-- no-delimiter
-- +goose Up
CREATE TABLE stock (id INT PRIMARY KEY, quantity INT NOT NULL);
-- +goose StatementBegin
CREATE PROCEDURE take(IN wanted INT, IN amount INT)
BEGIN
    DECLARE have INT;
    DECLARE EXIT HANDLER FOR NOT FOUND
    BEGIN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no such item; sorry';
    END;
    SELECT quantity INTO have FROM stock WHERE id = wanted;
    IF have >= amount THEN
        UPDATE stock SET quantity = quantity - amount WHERE id = wanted;
    ELSEIF have > 0 THEN
        UPDATE stock SET quantity = 0 WHERE id = wanted;
    ELSE
        BEGIN
        END;
    END IF;
END;
-- +goose StatementEnd
INSERT INTO stock VALUES (1, 10), (2, 1);
CALL take(1, 3);
CALL take(2, 3);
