CREATE TABLE log (line VARCHAR(50));
DELIMITER ;;
INSERT INTO log VALUES ('one;');;
INSERT INTO log VALUES ('two');;
DELIMITER ;
INSERT INTO log VALUES ('three');
delimiter go
INSERT INTO log VALUES ('four; and five')
go
CREATE PROCEDURE p() BEGIN INSERT INTO log VALUES ('six'); END
go
delimiter ;
  DELIMITER '@@' trailing words
CALL p()@@ INSERT INTO log VALUES ('seven @@ eight')@@
DELIMITER ;
INSERT INTO log VALUES ('nine'); INSERT INTO log VALUES ('ten')
