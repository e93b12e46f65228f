CREATE TABLE t (a INT /*!80000 , b INT */ /*!99999 , c INT */ /*! , d INT DEFAULT 4 */);
/*!50001 INSERT INTO t (a, b) VALUES (1, 2) */;
/*!99999 INSERT INTO t (a) VALUES (99) */;
INSERT /*! INTO */ t (a) /*!80013 VALUES */ (/*!50000 3 */);
/*! */;
/*!080400 INSERT INTO t (a) VALUES (5) */;
CREATE /*!50017 DEFINER=CURRENT_USER */ VIEW v AS SELECT a /*!80000 , b */ FROM t;
