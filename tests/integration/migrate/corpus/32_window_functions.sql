CREATE TABLE sales (id INT PRIMARY KEY, region VARCHAR(10), amount INT);
INSERT INTO sales VALUES (1, 'n', 10), (2, 'n', 30), (3, 's', 20), (4, 's', 20), (5, 'w', 5);
CREATE TABLE ranked AS
SELECT id, region, amount,
       ROW_NUMBER() OVER w AS position,
       SUM(amount) OVER (PARTITION BY region ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running,
       LAG(amount, 1, 0) OVER (ORDER BY id) AS before_it
FROM sales
WINDOW w AS (PARTITION BY region ORDER BY amount DESC, id);
