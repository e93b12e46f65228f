-- Rows named by the numbers that the server will have given them.
CREATE TABLE artist (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE song (
    id INT AUTO_INCREMENT PRIMARY KEY,
    artist_id INT NOT NULL,
    title VARCHAR(20),
    CONSTRAINT fk_song_artist FOREIGN KEY (artist_id) REFERENCES artist (id)
);
INSERT INTO artist (name) VALUES ('Ada'), ('Ben');
INSERT INTO song (artist_id, title) VALUES (1, 'First'), (2, 'Second');
INSERT INTO song (artist_id, title) SELECT id, name FROM artist;
