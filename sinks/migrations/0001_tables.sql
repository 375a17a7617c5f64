-- What the log says, one table for each kind of record. Every table is rebuilt from Kafka by `lintas rebuild`.
-- A record's place in Kafka (topic, partition, offset) identifies it, so what is delivered twice is stored once.
-- Empty words mean unknown; numbers, dates and yes/no are Nullable. No table has a column for a raw identity.
-- fsync: the loader commits its offsets to Kafka after the insert, so an acknowledged insert must survive a power cut.

CREATE TABLE IF NOT EXISTS assessment_versions
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
    INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
ORDER BY (`partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every verdict ever given, for history and --as-of';

CREATE TABLE IF NOT EXISTS assessments
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
    INDEX by_time occurred_at TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (province, event_id, block)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The newest verdict on every crossing; read with FINAL';

CREATE TABLE IF NOT EXISTS crossings
(
    `province` LowCardinality(String) COMMENT 'Province of the topic',
    `event_id` String COMMENT 'The partner''s id of the crossing; empty when the record could not be read',
    `block` String COMMENT 'Pseudonym of the birth date (or of a document): the Kafka key',
    `readable` UInt8 COMMENT '1 = a crossing of the treaty, 0 = refused for what stands in it',
    `digest` FixedString(64) COMMENT 'SHA-256 of the record''s bytes, hexadecimal',
    `checkpoint_id` LowCardinality(String) COMMENT 'Checkpoint of the reference list',
    `device_id` LowCardinality(String) COMMENT 'The gate or scanner',
    `sequence` Nullable(UInt64) COMMENT 'Counts up per device: a gap shows what has not arrived',
    `occurred_at` DateTime64(3, 'UTC') COMMENT 'When the traveller was seen; 1970 when the record could not be read',
    `direction` LowCardinality(String) COMMENT 'out, in or domestic',
    `mode` LowCardinality(String) COMMENT 'sea, air or land',
    `carrier` LowCardinality(String) COMMENT 'Ship or airline',
    `service_no` LowCardinality(String) COMMENT 'Voyage or flight number',
    `from_place` LowCardinality(String) COMMENT 'Where the journey began',
    `to_place` LowCardinality(String) COMMENT 'Where the journey goes',
    `document_type` LowCardinality(String) COMMENT 'What the traveller showed',
    `document_token` String COMMENT 'Pseudonym of the document number',
    `document_issue_office` LowCardinality(String) COMMENT 'Office that issued the document',
    `document_issued_on` Nullable(Date32) COMMENT 'Date of issue',
    `document_expires_on` Nullable(Date32) COMMENT 'Date of expiry',
    `document_mrz_ok` Nullable(UInt8) COMMENT '1 = the check digits of the machine readable zone are right',
    `nik_token` String COMMENT 'Pseudonym of the NIK',
    `kk_token` String COMMENT 'Pseudonym of the family card',
    `payer_token` String COMMENT 'Pseudonym of who paid',
    `booking_token` String COMMENT 'Pseudonym of the booking',
    `party_token` String COMMENT 'Pseudonym of the travelling party',
    `birth_year` Nullable(UInt16) COMMENT 'Year of birth by the document',
    `nik_birth_year` Nullable(UInt16) COMMENT 'Year of birth by the NIK',
    `age_years` Nullable(UInt8) COMMENT 'Full years at the crossing',
    `sex` LowCardinality(String) COMMENT 'F, M, X or empty',
    `nationality` LowCardinality(String) COMMENT 'ISO 3166 alpha-3 as in the machine readable zone',
    `origin_region` LowCardinality(String) COMMENT 'Kemendagri code of first registration, kecamatan precision at most',
    `purpose` LowCardinality(String) COMMENT 'Declared purpose',
    `destination_country` LowCardinality(String) COMMENT 'ISO 3166 alpha-2',
    `destination_place` LowCardinality(String) COMMENT 'Declared place',
    `officer_action` LowCardinality(String) COMMENT 'What the officer at the checkpoint decided',
    `identity_quality` Array(LowCardinality(String)) COMMENT 'What the publisher noticed about the identity',
    `key_id` LowCardinality(String) COMMENT 'The linkage key of the pseudonyms',
    `published_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `topic` LowCardinality(String) COMMENT 'Kafka topic',
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, `partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The ledger: every record of the transit topics, readable or not';

CREATE TABLE IF NOT EXISTS departures
(
    `departure_id` String COMMENT 'The registry''s id of the registration',
    `revision` UInt32 COMMENT 'Counts up with every change of the registration',
    `event` LowCardinality(String) COMMENT 'registered, amended, cancelled, departed or returned',
    `source` LowCardinality(String) COMMENT 'The registry',
    `block` String COMMENT 'Block of this copy; empty = sent to every partition',
    `passport_token` String COMMENT 'Pseudonym of the passport number',
    `previous_passport_tokens` Array(String) COMMENT 'Pseudonyms of earlier passport numbers',
    `nik_token` String COMMENT 'Pseudonym of the NIK',
    `birth_year` Nullable(UInt16) COMMENT 'Year of birth',
    `sex` LowCardinality(String) COMMENT 'F, M, X or empty',
    `origin_region` LowCardinality(String) COMMENT 'Kemendagri code of the worker''s origin',
    `scheme` LowCardinality(String) COMMENT 'Placement scheme',
    `p3mi_licence` LowCardinality(String) COMMENT 'Licence of the placement company',
    `p3mi_valid_to` Nullable(Date32) COMMENT 'Last day of that licence',
    `sector` LowCardinality(String) COMMENT 'Sector of work',
    `employer_type` LowCardinality(String) COMMENT 'Who employs',
    `destination_country` LowCardinality(String) COMMENT 'ISO 3166 alpha-2',
    `planned_date` Nullable(Date32) COMMENT 'Planned day of departure',
    `valid_from` Nullable(Date32) COMMENT 'First day of the contract',
    `valid_to` Nullable(Date32) COMMENT 'Last day of the contract',
    `checkpoint_id` LowCardinality(String) COMMENT 'Planned checkpoint',
    `mode` LowCardinality(String) COMMENT 'sea, air or land',
    `certificate` Nullable(UInt8) COMMENT 'Competence certificate present',
    `opp` Nullable(UInt8) COMMENT 'Pre-departure orientation done',
    `health` Nullable(UInt8) COMMENT 'Health certificate present',
    `insurance` Nullable(UInt8) COMMENT 'Insurance present',
    `permission` Nullable(UInt8) COMMENT 'Permission of the family present',
    `visa` Nullable(UInt8) COMMENT 'Work visa present',
    `training_institution` LowCardinality(String) COMMENT 'Where the worker was trained',
    `ltsa_office` LowCardinality(String) COMMENT 'The one-stop service that registered',
    `issued_at` DateTime64(3, 'UTC') COMMENT 'When the revision was issued',
    `identity_quality` Array(LowCardinality(String)) COMMENT 'What the publisher noticed about the identity',
    `key_id` LowCardinality(String) COMMENT 'The linkage key of the pseudonyms',
    `published_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `topic` LowCardinality(String) COMMENT 'Kafka topic',
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    INDEX by_departure departure_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, `partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Every copy of every revision of a registered legal departure';

CREATE TABLE IF NOT EXISTS heartbeats
(
    `source` LowCardinality(String) COMMENT 'The registry',
    `complete_up_to` DateTime64(3, 'UTC') COMMENT 'All that the registry had up to then is published',
    `published_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `topic` LowCardinality(String) COMMENT 'Kafka topic',
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, `partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The registries'' promises of completeness, one copy a partition';

CREATE TABLE IF NOT EXISTS rejected
(
    `owner` LowCardinality(String) COMMENT 'Province of the refused record, registry, or empty',
    `reason` LowCardinality(String) COMMENT 'Stable code of the reason',
    `message` String COMMENT 'What is wrong, without any value of the record',
    `field` LowCardinality(String) COMMENT 'The field that is wrong',
    `stage` LowCardinality(String) COMMENT 'publisher, matcher or loader',
    `topic` LowCardinality(String) COMMENT 'Where the refused record was, or was meant for',
    `partition` Nullable(UInt32) COMMENT 'Kafka partition of the refused record',
    `offset` Nullable(UInt64) COMMENT 'Kafka offset of the refused record',
    `line` Nullable(UInt64) COMMENT 'Physical line of the partner''s file',
    `digest` String COMMENT 'Digest of the refused bytes, hexadecimal; never the bytes',
    `happened_at` DateTime64(3, 'UTC') COMMENT 'When it was refused; for a record from Kafka, that record''s timestamp',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the refusal' CODEC(Delta, ZSTD(1)),
    `log_topic` LowCardinality(String) COMMENT 'Kafka topic of the refusal; of the refused record itself for the loader''s',
    `log_partition` UInt32 COMMENT 'Kafka partition of the refusal',
    `log_offset` UInt64 COMMENT 'Kafka offset of the refusal' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (log_topic, log_partition, log_offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What was refused and why; `lintas replay-rejected` sends repaired ones again';

CREATE TABLE IF NOT EXISTS reviews
(
    `review_id` String COMMENT 'Id of the review',
    `event_id` String COMMENT 'The reviewed crossing',
    `province` LowCardinality(String) COMMENT 'Its province',
    `verdict` LowCardinality(String) COMMENT 'confirmed, false_positive, referred or inconclusive',
    `note` String COMMENT 'What the analyst wrote',
    `reviewer` LowCardinality(String) COMMENT 'Who reviewed',
    `reviewed_at` DateTime64(3, 'UTC') COMMENT 'When',
    `assessment_version` Nullable(UInt64) COMMENT 'Version of the verdict that the analyst saw',
    `recorded_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(`offset`)
ORDER BY (province, event_id, review_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What analysts concluded about flags';

CREATE TABLE IF NOT EXISTS clusters
(
    `cluster_id` String COMMENT 'Id of the group',
    `kind` LowCardinality(String) COMMENT 'What ties its members',
    `status` LowCardinality(String) COMMENT 'FLAGGED or not',
    `score` UInt8 COMMENT 'Hundredths, 0 to 100',
    `members` Array(String) COMMENT 'The crossings',
    `rules` Array(LowCardinality(String)) COMMENT 'Rules of the findings, in their order',
    `findings` String COMMENT 'JSON list of the findings' CODEC(ZSTD(3)),
    `policy` LowCardinality(String) COMMENT 'Digest of the policy that was applied',
    `assessed_at` DateTime64(3, 'UTC') COMMENT 'Kafka timestamp of the record' CODEC(Delta, ZSTD(1)),
    `partition` UInt32 COMMENT 'Kafka partition',
    `offset` UInt64 COMMENT 'Kafka offset' CODEC(Delta, ZSTD(1)),
    `version` UInt64 COMMENT 'The offset: the greatest is the newest' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (cluster_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'The newest state of every group of travellers; read with FINAL';

-- Not from the log, and not emptied by a rebuild.
CREATE TABLE IF NOT EXISTS settings
(
    `name` LowCardinality(String) COMMENT 'silence_allowance_hours',
    `value` String COMMENT 'Its value as text',
    `changed_at` DateTime64(3, 'UTC') COMMENT 'When it was set'
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY (name)
COMMENT 'What views need to know of the active policy';
