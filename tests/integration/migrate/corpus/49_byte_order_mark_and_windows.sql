-- Exported by a tool for Windows; it writes a byte order mark.
CREATE TABLE `büro` (a INT);
INSERT INTO `büro` VALUES (1);

-- the end
DELIMITER //
CREATE PROCEDURE p()
BEGIN
  INSERT INTO `büro` VALUES (2); -- two
END//
DELIMITER ;
CALL p();
