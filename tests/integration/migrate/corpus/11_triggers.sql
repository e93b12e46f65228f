CREATE TABLE products (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50), price DECIMAL(8,2), slug VARCHAR(60));
CREATE TABLE price_history (product_id INT, old_price DECIMAL(8,2), new_price DECIMAL(8,2), note VARCHAR(100));
CREATE TRIGGER products_slug BEFORE INSERT ON products FOR EACH ROW
    SET NEW.slug = LOWER(REPLACE(NEW.name, ' ', '-'));
DELIMITER |
CREATE TRIGGER products_price AFTER UPDATE ON products FOR EACH ROW
BEGIN
    IF NOT (NEW.price <=> OLD.price) THEN
        INSERT INTO price_history VALUES (NEW.id, OLD.price, NEW.price, IF(NEW.price > OLD.price, 'up;', 'down;'));
    END IF;
END|
CREATE TRIGGER products_more AFTER UPDATE ON products FOR EACH ROW FOLLOWS products_price
BEGIN
    INSERT INTO price_history VALUES (NEW.id, 0, 0, 'after the other');
END|
DELIMITER ;
INSERT INTO products (name, price) VALUES ('Red Chair', 10), ('Blue Table', 20.5);
UPDATE products SET price = price * 2 WHERE id = 1;
