-- Adds a column only where it is missing.
CREATE TABLE customers (id INT PRIMARY KEY);
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
                WHERE table_schema = DATABASE() AND table_name = 'customers' AND column_name = 'phone');
SET @statement = IF(@missing, 'ALTER TABLE customers ADD COLUMN phone VARCHAR(30) DEFAULT ''n/a;''', 'DO 0');
PREPARE conditional FROM @statement;
EXECUTE conditional;
DEALLOCATE PREPARE conditional;
SET @missing = (SELECT COUNT(*) = 0 FROM information_schema.columns
                WHERE table_schema = DATABASE() AND table_name = 'customers' AND column_name = 'phone');
SET @statement = IF(@missing, 'ALTER TABLE customers ADD COLUMN phone INT', 'DO 0');
PREPARE conditional FROM @statement;
EXECUTE conditional;
DEALLOCATE PREPARE conditional;
INSERT INTO customers (id) VALUES (1);
