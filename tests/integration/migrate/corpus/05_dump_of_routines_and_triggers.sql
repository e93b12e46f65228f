/*!50503 SET NAMES utf8mb4 */;
CREATE TABLE `accounts` (`id` int NOT NULL, `balance` decimal(12,2) NOT NULL DEFAULT '0.00', PRIMARY KEY (`id`));
CREATE TABLE `account_log` (`account_id` int NOT NULL, `delta` decimal(12,2) NOT NULL);
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER `account_change` AFTER UPDATE ON `accounts` FOR EACH ROW begin
  if NEW.balance <> OLD.balance then
    insert into account_log values (NEW.id, NEW.balance - OLD.balance);
  end if;
end */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;

--
-- Dumping routines
--
/*!50003 DROP FUNCTION IF EXISTS `interest` */;
DELIMITER ;;
CREATE FUNCTION `interest`(amount decimal(12,2), rate decimal(6,4)) RETURNS decimal(12,2)
    DETERMINISTIC
begin
  return round(amount * rate, 2); -- banker's rounding; no
end ;;
DELIMITER ;
/*!50003 DROP PROCEDURE IF EXISTS `pay_interest` */;
DELIMITER ;;
CREATE PROCEDURE `pay_interest`(IN rate decimal(6,4))
begin
  update accounts set balance = balance + interest(balance, rate);
end ;;
DELIMITER ;
INSERT INTO accounts VALUES (1, 100), (2, 0);
CALL pay_interest(0.05);
