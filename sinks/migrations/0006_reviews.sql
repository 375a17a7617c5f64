-- A review is a move in a lifecycle (schemas/lifecycle.py): these views do in SQL what `case_of` does in Python, and a test holds
-- them equal. What the system says of a case (withdrawn, reopened) follows from the log, so no record says it twice.

ALTER TABLE reviews
    ADD COLUMN IF NOT EXISTS `move` LowCardinality(String) DEFAULT 'close' COMMENT 'take, release, assign, snooze, note, close or reopen',
    ADD COLUMN IF NOT EXISTS `after` String COMMENT 'The review that this one follows, or first; empty = whatever came before',
    ADD COLUMN IF NOT EXISTS `assignee` LowCardinality(String) COMMENT 'Who has the flag from then on',
    ADD COLUMN IF NOT EXISTS `due_at` Nullable(DateTime64(3, 'UTC')) COMMENT 'When it is to be concluded',
    ADD COLUMN IF NOT EXISTS `snoozed_until` Nullable(DateTime64(3, 'UTC')) COMMENT 'Until when it rests';

-- Timelines ask for a document number or a NIK wherever it was seen.
ALTER TABLE crossings
    ADD INDEX IF NOT EXISTS by_document document_token TYPE bloom_filter(0.01) GRANULARITY 4,
    ADD INDEX IF NOT EXISTS by_nik nik_token TYPE bloom_filter(0.01) GRANULARITY 4;

CREATE OR REPLACE VIEW review_cases
COMMENT 'What all moves on a flag have come to; of two moves at once the first of the log counts'
AS
SELECT
    province,
    event_id,
    folded.1 AS state,
    folded.2 AS head,
    folded.3 AS assignee,
    if(folded.4 = 0, NULL, fromUnixTimestamp64Milli(folded.4, 'UTC')) AS due_at,
    if(folded.5 = 0, NULL, fromUnixTimestamp64Milli(folded.5, 'UTC')) AS snoozed_until,
    folded.6 AS seen_version,
    folded.7 AS moved_by,
    fromUnixTimestamp64Milli(folded.8, 'UTC') AS moved_at
FROM
(
    SELECT
        toString(province) AS province,
        event_id,
        arrayFold(
            (c, m) -> arrayElement(arrayMap(
                next -> if(next = '', c, (
                    next,
                    m.2,
                    multiIf(m.3 = 'release', '', m.3 = 'assign', m.6, m.3 IN ('take', 'reopen'), if(m.6 = '', m.10, m.6), c.3),
                    multiIf(m.3 = 'release', toInt64(0), m.3 IN ('assign', 'take', 'reopen'), m.7, c.4),
                    multiIf(m.3 = 'snooze', m.8, m.3 IN ('take', 'reopen'), toInt64(0), c.5),
                    if(m.9 = -1, c.6, m.9),
                    m.10,
                    m.11
                )),
                [multiIf(
                    m.5 = '' AND m.3 = 'close', m.4,
                    m.5 != c.2, '',
                    replaceOne(
                        transform(
                            concat(c.1, ' ', m.3),
                            [
                                'open take', 'open assign', 'open snooze', 'open note', 'open close',
                                'under_review release', 'under_review assign', 'under_review snooze', 'under_review note',
                                'under_review close',
                                'confirmed note', 'false_positive note', 'referred note', 'inconclusive note',
                                'confirmed reopen', 'false_positive reopen', 'referred reopen', 'inconclusive reopen'
                            ],
                            [
                                'under_review', 'under_review', 'open', 'open', '=',
                                'open', 'under_review', 'under_review', 'under_review',
                                '=',
                                'confirmed', 'false_positive', 'referred', 'inconclusive',
                                'under_review', 'under_review', 'under_review', 'under_review'
                            ],
                            ''
                        ),
                        '=', m.4
                    )
                )]
            ), 1),
            arraySort(groupArray((
                `offset`,
                review_id,
                toString(move),
                toString(verdict),
                after,
                toString(assignee),
                ifNull(toUnixTimestamp64Milli(due_at), toInt64(0)),
                ifNull(toUnixTimestamp64Milli(snoozed_until), toInt64(0)),
                ifNull(toInt64(assessment_version), toInt64(-1)),
                toString(reviewer),
                toUnixTimestamp64Milli(reviewed_at)
            ))),
            ('open', 'first', '', toInt64(0), toInt64(0), toInt64(-1), '', toInt64(0))
        ) AS folded
    FROM reviews FINAL
    GROUP BY province, event_id
);

CREATE OR REPLACE VIEW flag_cases
COMMENT 'Every crossing that is or was FLAGGED or was reviewed, with where its review stands'
AS
SELECT
    a.province AS province,
    a.event_id AS event_id,
    a.block AS block,
    a.checkpoint_id AS checkpoint_id,
    a.occurred_at AS occurred_at,
    a.direction AS direction,
    a.origin_region AS origin_region,
    a.destination_country AS destination_country,
    a.service_no AS service_no,
    a.officer_action AS officer_action,
    a.status AS status,
    a.score AS score,
    a.rules AS rules,
    a.findings AS findings,
    a.departure_id AS departure_id,
    a.tier AS tier,
    a.policy AS policy,
    a.assessed_at AS assessed_at,
    a.version AS version,
    if(c.state = '', 'open', c.state) AS concluded,
    concluded NOT IN ('open', 'under_review') AS closed,
    s.known = 1 AND a.status = 'FLAGGED' AND (a.score > s.score OR NOT hasAll(s.rules, a.rules)) AS has_new_evidence,
    multiIf(
        closed AND has_new_evidence, 'reopened',
        closed, concluded,
        a.status != 'FLAGGED', 'withdrawn',
        concluded
    ) AS state,
    concluded IN ('confirmed', 'referred') AND a.status != 'FLAGGED' AND toInt64(a.version) > c.seen_version AS late_withdrawal,
    c.assignee AS assignee,
    c.due_at AS due_at,
    c.snoozed_until AS snoozed_until,
    c.moved_by AS moved_by,
    if(c.state = '', NULL, c.moved_at) AS moved_at
FROM
(
    SELECT *
    FROM assessments FINAL
    WHERE (province, event_id, block) IN (SELECT province, event_id, block FROM assessment_versions WHERE status = 'FLAGGED')
        OR (province, event_id) IN (SELECT province, event_id FROM reviews)
) AS a
LEFT JOIN review_cases AS c ON a.province = c.province AND a.event_id = c.event_id
LEFT JOIN
(
    SELECT province, event_id, block, toInt64(version) AS version, any(score) AS score, any(rules) AS rules, 1 AS known
    FROM assessment_versions
    WHERE (province, event_id) IN (SELECT province, event_id FROM reviews)
    GROUP BY province, event_id, block, version
) AS s ON a.province = s.province AND a.event_id = s.event_id AND a.block = s.block AND c.seen_version = s.version;
