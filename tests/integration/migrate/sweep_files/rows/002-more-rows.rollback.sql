DELETE FROM shipped WHERE item = 'sticker';
UPDATE stock SET amount = amount - 1;
