-- Groups of travellers: how many they are, when, and which findings an innocent reason explains.

ALTER TABLE clusters
    ADD COLUMN IF NOT EXISTS `member_count` UInt32 COMMENT 'How many crossings there are; of a large group `members` has the first ones' AFTER `members`,
    ADD COLUMN IF NOT EXISTS `left_out` UInt32 COMMENT 'Crossings under the key that were not looked at one by one: of a large group those least in doubt' AFTER `member_count`,
    ADD COLUMN IF NOT EXISTS `first_at` DateTime64(3, 'UTC') COMMENT 'The first crossing; 1970 where there is none' AFTER `left_out`,
    ADD COLUMN IF NOT EXISTS `last_at` DateTime64(3, 'UTC') COMMENT 'The last crossing; 1970 where there is none' AFTER `first_at`,
    ADD COLUMN IF NOT EXISTS `suppressed` Array(LowCardinality(String)) COMMENT 'rule:reason of findings that an innocent reason explains' AFTER `last_at`;

CREATE OR REPLACE VIEW active_clusters
COMMENT 'The groups of which something is found now, with what an innocent reason explains'
AS SELECT * FROM clusters FINAL WHERE notEmpty(rules);
