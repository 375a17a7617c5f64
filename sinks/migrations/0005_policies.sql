-- Which policy is in force when: what two persons activated, as the log has it.

CREATE TABLE IF NOT EXISTS policies
(
    `name` LowCardinality(String) COMMENT 'Name of the policy',
    `digest` LowCardinality(String) COMMENT 'Digest of what the file says: stands on every verdict that it decides',
    `text` String COMMENT 'The reviewed file, whole' CODEC(ZSTD(3)),
    `author` LowCardinality(String) COMMENT 'Who wrote the change',
    `activated_by` LowCardinality(String) COMMENT 'Who activated it: another person',
    `effective_from` DateTime64(3, 'UTC') COMMENT 'Crossings from this moment on are judged by it',
    `activated_at` DateTime64(3, 'UTC') COMMENT 'When it was activated',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (`partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every copy of every version of the policy that was activated, one a partition';

-- Of versions that begin at once the one activated last is in force; one that was replaced so is not in this list.
CREATE OR REPLACE VIEW policy_versions
COMMENT 'The versions of the policy, each with the moment from which it is in force and until when'
AS
SELECT
    name,
    digest,
    author,
    activated_by,
    effective_from,
    activated_at,
    leadInFrame(effective_from, 1, toDateTime64('2199-12-31 00:00:00', 3, 'UTC')) OVER (
        ORDER BY effective_from ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
    ) AS effective_until,
    text
FROM
(
    SELECT name, digest, author, activated_by, effective_from, activated_at, text
    FROM policies FINAL
    WHERE (`partition`, `offset`) NOT IN (
        SELECT assumeNotNull(`partition`), assumeNotNull(`offset`) FROM rejected FINAL WHERE topic = 'policies' AND stage = 'matcher'
    )
    ORDER BY effective_from, activated_at DESC, digest DESC
    LIMIT 1 BY effective_from
);
