CREATE TABLE rectangles (
    width DOUBLE NOT NULL,
    height DOUBLE NOT NULL,
    area DOUBLE GENERATED ALWAYS AS (width * height) STORED,
    ratio DOUBLE AS (CASE WHEN height = 0 THEN NULL ELSE width / height END) VIRTUAL COMMENT 'width; by height',
    label VARCHAR(60) AS (CONCAT(width, ';', height)) VIRTUAL,
    KEY idx_area (area),
    KEY idx_ratio (ratio)
);
INSERT INTO rectangles (width, height) VALUES (2, 3), (4, 0);
ALTER TABLE rectangles ADD COLUMN perimeter DOUBLE AS (2 * (width + height)) STORED AFTER area;
