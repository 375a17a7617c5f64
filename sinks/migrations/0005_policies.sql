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

CREATE TABLE IF NOT EXISTS suppressions
(
    `suppression_id` String COMMENT 'Id of the suppression',
    `event_id` String COMMENT 'The crossing that it is about; empty = about a number',
    `province` LowCardinality(String) COMMENT 'Province of the crossing',
    `block` String COMMENT 'Block of the crossing',
    `token` String COMMENT 'Pseudonym of the document number or NIK that it is about; empty = about a crossing',
    `rules` Array(LowCardinality(String)) COMMENT 'Rules whose findings do not count',
    `reason` String COMMENT 'Why',
    `made_by` LowCardinality(String) COMMENT 'Who says so',
    `made_at` DateTime64(3, 'UTC') COMMENT 'When',
    `until` DateTime64(3, 'UTC') COMMENT 'Crossings from then on are not suppressed',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (`partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What analysts said does not count, one copy a partition where it is about a number';

ALTER TABLE assessment_versions
    ADD COLUMN IF NOT EXISTS `suppressed` String DEFAULT '[]' COMMENT 'JSON list of the findings that do not count, with who or what says so' CODEC(ZSTD(3));

ALTER TABLE assessments
    ADD COLUMN IF NOT EXISTS `suppressed` String DEFAULT '[]' COMMENT 'JSON list of the findings that do not count, with who or what says so' CODEC(ZSTD(3));

CREATE TABLE IF NOT EXISTS shadow_assessments
(
    `province` LowCardinality(String) COMMENT 'Transit province whose topic the crossing came from',
    `event_id` String COMMENT 'The partner''s id of the crossing, unchanged',
    `block` String COMMENT 'Pseudonym of the birth date (or of a document): the Kafka key',
    `checkpoint_id` LowCardinality(String) COMMENT 'Checkpoint of the reference list',
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'When the traveller was seen',
    `direction` LowCardinality(String) COMMENT 'out, in or domestic',
    `document_type` LowCardinality(String) COMMENT 'What the traveller showed',
    `sex` LowCardinality(String) COMMENT 'F, M, X or empty',
    `age_years` Nullable(UInt8) COMMENT 'Full years at the crossing',
    `origin_region` LowCardinality(String) COMMENT 'Kemendagri code of first registration, kecamatan precision at most',
    `purpose` LowCardinality(String) COMMENT 'Declared purpose',
    `destination_country` LowCardinality(String) COMMENT 'ISO 3166 alpha-2',
    `service_no` LowCardinality(String) COMMENT 'Voyage or flight number',
    `officer_action` LowCardinality(String) COMMENT 'What the officer at the checkpoint decided',
    `status` LowCardinality(String) COMMENT 'MATCHED, OUT_OF_SCOPE, PENDING, UNREGISTERED or FLAGGED',
    `score` UInt8 COMMENT 'Hundredths, 0 to 100',
    `rules` Array(LowCardinality(String)) COMMENT 'Rules of the findings, in their order',
    `findings` String COMMENT 'JSON list of the findings: rule, version, weight, evidence, sentences, what clears them' CODEC(ZSTD(3)),
    `departure_id` String COMMENT 'The matched registration',
    `tier` LowCardinality(String) COMMENT 'passport, nik or name',
    `match` String COMMENT 'JSON object: how near the matched registration is' CODEC(ZSTD(3)),
    `missing` Array(LowCardinality(String)) COMMENT 'What the verdict had to do without, such as watermark:LTSA',
    `policy` LowCardinality(String) COMMENT 'Digest of the policy that was applied',
    `assessed_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the verdict' CODEC(Delta, ZSTD(1)),
    `partition` UInt32 COMMENT 'Kafka partition of the verdict',
    `offset` UInt64 COMMENT 'Kafka offset of the verdict' CODEC(Delta, ZSTD(1)),
    `version` UInt64 COMMENT 'The offset: within a block the greatest is the newest' CODEC(Delta, ZSTD(1)),
    `suppressed` String DEFAULT '[]' COMMENT 'JSON list of the findings that do not count, with who or what says so' CODEC(ZSTD(3)),
    INDEX by_time occurred_at TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (policy, province, event_id, block)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What policies that are tried out would say now: nobody is flagged by it. Read with FINAL';

-- As before, made anew for the new column.
CREATE OR REPLACE VIEW current_assessments
COMMENT 'The newest verdict on every crossing, with what is shown of it'
AS
SELECT
    a.*,
    if(
        a.status = 'PENDING' AND arrayExists(
            wanted -> NOT arrayExists(
                heard -> heard.1 = wanted AND (heard.2 OR heard.3 >= a.occurred_at + INTERVAL 72 HOUR),
                (SELECT groupArray((toString(source), NOT silent, complete_up_to)) FROM watermarks)
            ),
            ['LTSA', 'BP3MI', 'SISKOP2MI', 'G2G']
        ),
        'UNVERIFIABLE',
        a.status
    ) AS shown_status
FROM assessments AS a FINAL;

CREATE OR REPLACE VIEW flags
COMMENT 'Crossings that are FLAGGED now: each is a referral for review of a person who may need protection'
AS
SELECT *
FROM assessments FINAL
WHERE status = 'FLAGGED';

CREATE OR REPLACE VIEW flags_withdrawn
COMMENT 'Crossings that were FLAGGED in an earlier version and are not now'
AS
SELECT *
FROM assessments FINAL
WHERE status != 'FLAGGED'
    AND (province, event_id, block) IN (SELECT province, event_id, block FROM assessment_versions WHERE status = 'FLAGGED');
