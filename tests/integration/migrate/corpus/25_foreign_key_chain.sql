CREATE TABLE countries (code CHAR(2) PRIMARY KEY);
CREATE TABLE cities (id INT PRIMARY KEY, country CHAR(2) NOT NULL,
    CONSTRAINT fk_city_country FOREIGN KEY (country) REFERENCES countries (code) ON UPDATE CASCADE);
CREATE TABLE venues (id INT PRIMARY KEY, city INT, FOREIGN KEY (city) REFERENCES cities (id) ON DELETE SET NULL);
CREATE TABLE halls (id INT PRIMARY KEY, venue INT NOT NULL);
ALTER TABLE halls ADD CONSTRAINT fk_hall_venue FOREIGN KEY (venue) REFERENCES venues (id) ON DELETE CASCADE;
INSERT INTO countries VALUES ('de'), ('fr');
INSERT INTO cities VALUES (1, 'de'), (2, 'fr');
INSERT INTO venues VALUES (10, 1), (20, 2);
INSERT INTO halls VALUES (100, 10), (200, 20);
UPDATE countries SET code = 'DE' WHERE code = 'de';
DELETE FROM venues WHERE id = 20;
ALTER TABLE cities DROP FOREIGN KEY fk_city_country, ADD CONSTRAINT fk_c FOREIGN KEY (country) REFERENCES countries (code);
