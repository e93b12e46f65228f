CREATE TABLE orders (id INT PRIMARY KEY, status VARCHAR(20), total DECIMAL(10,2));
CREATE TABLE audit (seq INT AUTO_INCREMENT PRIMARY KEY, tab VARCHAR(64), op CHAR(1), old_row JSON, new_row JSON);
DELIMITER //
CREATE TRIGGER orders_ai AFTER INSERT ON orders FOR EACH ROW
INSERT INTO audit (tab, op, new_row) VALUES ('orders', 'I', JSON_OBJECT('id', NEW.id, 'status', NEW.status))//
CREATE TRIGGER orders_au AFTER UPDATE ON orders FOR EACH ROW
BEGIN
    IF OLD.status <> NEW.status THEN
        INSERT INTO audit (tab, op, old_row, new_row)
        VALUES ('orders', 'U', JSON_OBJECT('status', OLD.status), JSON_OBJECT('status', NEW.status));
    END IF;
END//
CREATE TRIGGER orders_ad AFTER DELETE ON orders FOR EACH ROW
INSERT INTO audit (tab, op, old_row) VALUES ('orders', 'D', JSON_OBJECT('id', OLD.id))//
DELIMITER ;
INSERT INTO orders VALUES (1, 'new;', 9.5), (2, 'new;', 1);
UPDATE orders SET status = 'paid' WHERE id = 1;
DELETE FROM orders WHERE id = 2;
