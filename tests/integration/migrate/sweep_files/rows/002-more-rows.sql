-- depends: 001-rows
WITH most AS (SELECT MAX(amount) AS amount FROM stock)
    UPDATE stock JOIN most SET stock.amount = stock.amount + most.amount;
UPDATE stock JOIN shipped USING (item) SET stock.amount = stock.amount + 1, shipped.amount = shipped.amount + 1;
INSERT INTO shipped (item) VALUES ('sticker');
