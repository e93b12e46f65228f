CREATE TABLE tree (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), lft INT NOT NULL, rgt INT NOT NULL);
DELIMITER //
CREATE PROCEDURE add_node(IN parent_name VARCHAR(20), IN new_name VARCHAR(20))
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
    DECLARE at_right INT DEFAULT 1;
    IF parent_name IS NOT NULL THEN
        SELECT rgt INTO at_right FROM tree WHERE name = parent_name;
        UPDATE tree SET rgt = rgt + 2 WHERE rgt >= at_right;
        UPDATE tree SET lft = lft + 2 WHERE lft >= at_right;
    END IF;
    INSERT INTO tree (name, lft, rgt) VALUES (new_name, at_right, at_right + 1);
END//
CREATE FUNCTION depth_of(wanted VARCHAR(20)) RETURNS INT READS SQL DATA
RETURN (SELECT COUNT(*) - 1 FROM tree AS node JOIN tree AS above
        ON node.lft BETWEEN above.lft AND above.rgt WHERE node.name = wanted)//
DELIMITER ;
CALL add_node(NULL, 'root');
CALL add_node('root', 'a;');
CALL add_node('a;', 'b');
ALTER TABLE tree ADD COLUMN depth INT;
UPDATE tree JOIN (SELECT id, name FROM tree) AS names USING (id) SET depth = CHAR_LENGTH(names.name);
CREATE TABLE depths AS SELECT name, depth_of(name) AS depth FROM tree;
