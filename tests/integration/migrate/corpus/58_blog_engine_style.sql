CREATE TABLE wp_posts (
	ID bigint(20) unsigned NOT NULL auto_increment,
	post_author bigint(20) unsigned NOT NULL default '0',
	post_content longtext NOT NULL,
	post_title text NOT NULL,
	post_status varchar(20) NOT NULL default 'publish',
	post_name varchar(200) NOT NULL default '',
	PRIMARY KEY  (ID),
	KEY post_name (post_name(191)),
	KEY status_author (post_status,post_author,ID)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci;
CREATE TABLE wp_options (
	option_id bigint(20) unsigned NOT NULL auto_increment,
	option_name varchar(191) NOT NULL default '',
	option_value longtext NOT NULL,
	PRIMARY KEY  (option_id),
	UNIQUE KEY option_name (option_name)
);
INSERT INTO wp_options (option_name, option_value) VALUES
('widgets', 'a:2:{s:5:"title";s:12:"It\'s; \"fine\"";i:1;N;}'),
('rules', 'a:1:{s:14:"^page/([0-9]+)";s:27:"index.php?p=$matches[1]&x=;";}');
INSERT INTO wp_posts (post_title, post_content) VALUES ('Hello', '<p class="a">It&#39;s; <!-- more --> done</p>\r\n');
