CREATE TABLE documents (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(200) NOT NULL,
    body TEXT NOT NULL,
    author VARCHAR(100),
    views INT NOT NULL DEFAULT 0,
    place POINT NOT NULL SRID 4326,
    FULLTEXT KEY ft_documents (title, body),
    SPATIAL KEY sp_place (place),
    KEY idx_title_prefix (title(20)),
    KEY idx_views_desc (views DESC, id ASC),
    KEY idx_hidden (author) INVISIBLE COMMENT 'try; without'
);
CREATE INDEX idx_lower ON documents ((LOWER(author)));
CREATE UNIQUE INDEX uk_views ON documents ((views * 10), title) COMMENT 'odd; one';
ALTER TABLE documents ALTER INDEX idx_hidden VISIBLE;
ALTER TABLE documents RENAME INDEX idx_title_prefix TO idx_title;
INSERT INTO documents (title, body, author, place) VALUES
    ('One; two', 'Some body', 'Ann', ST_GeomFromText('POINT(10 20)', 4326));
DROP INDEX idx_lower ON documents;
