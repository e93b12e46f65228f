CREATE TABLE categories (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    parent INT UNSIGNED NULL,
    name VARCHAR(100) NOT NULL,
    UNIQUE KEY uk_name (parent, name),
    CONSTRAINT fk_parent FOREIGN KEY (parent) REFERENCES categories (id) ON DELETE CASCADE
) AUTO_INCREMENT = 100;
INSERT INTO categories (parent, name) VALUES (NULL, 'root;');
SET @root = LAST_INSERT_ID();
INSERT INTO categories (parent, name) VALUES (@root, 'left'), (@root, 'right');
INSERT INTO categories (parent, name) SELECT id, CONCAT(name, '/leaf') FROM categories WHERE parent = @root;
