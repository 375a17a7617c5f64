-- What analysts read. Every view is right before and after merges: the tables are read with FINAL.

CREATE OR REPLACE VIEW watermarks
COMMENT 'How far each registry says it is complete, and for how long it has been silent'
AS
SELECT
    source,
    max(h.complete_up_to) AS complete_up_to,
    max(h.published_at) AS last_published_at,
    dateDiff('second', complete_up_to, now64(3, 'UTC')) AS silence_seconds,
    silence_seconds > 3600 * (
        SELECT if(count() = 0, 96., max(toFloat64(value))) FROM settings FINAL WHERE name = 'silence_allowance_hours'
    ) AS silent
FROM heartbeats AS h FINAL
GROUP BY source;

-- A PENDING verdict waits until every registry is complete up to the crossing and three days more, the grace of the shipped
-- policy. While one that is not has been silent for longer than its allowance, or was never heard, waiting leads nowhere: the
-- crossing is shown as UNVERIFIABLE.
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

-- A crossing that the matcher refused does not count as the first of its event: the repaired one that follows does.
CREATE OR REPLACE VIEW accounting
COMMENT 'Law 5, for each province: published = assessed + rejected + duplicate'
AS
SELECT
    province,
    sum(c.published) AS published,
    sum(c.assessed) AS assessed,
    sum(c.rejected) AS rejected,
    sum(c.duplicate) AS duplicate
FROM
(
    SELECT
        toString(province) AS province,
        toInt64(count()) AS published,
        toInt64(0) AS assessed,
        toInt64(0) AS rejected,
        toInt64(countIf(taken)) - toInt64(uniqExactIf((event_id, block), taken)) AS duplicate
    FROM
    (
        SELECT
            *,
            readable AND (topic, `partition`, `offset`) NOT IN (
                SELECT topic, assumeNotNull(`partition`), assumeNotNull(`offset`) FROM rejected WHERE stage = 'matcher'
            ) AS taken
        FROM crossings FINAL
    )
    GROUP BY province
    UNION ALL
    SELECT toString(province), 0, toInt64(count()), 0, 0
    FROM assessments FINAL
    GROUP BY province
    UNION ALL
    SELECT
        toString(owner),
        toInt64(countIf(stage = 'publisher' OR (stage = 'loader' AND startsWith(topic, 'transit.')))),
        0,
        toInt64(countIf(stage = 'publisher')) + toInt64(uniqExactIf((topic, `partition`, `offset`), stage = 'matcher')),
        0
    FROM rejected FINAL
    WHERE owner NOT IN ('', 'registry')
    GROUP BY owner
) AS c
GROUP BY province
ORDER BY province;

CREATE OR REPLACE VIEW device_gaps
COMMENT 'Sequence numbers of a device that have not arrived'
AS
SELECT
    province,
    checkpoint_id,
    device_id,
    previous + 1 AS first_missing,
    sequence - 1 AS last_missing,
    sequence - previous - 1 AS missing,
    occurred_at AS seen_before
FROM
(
    SELECT
        province,
        checkpoint_id,
        device_id,
        occurred_at,
        assumeNotNull(sequence) AS sequence,
        lagInFrame(assumeNotNull(sequence), 1, assumeNotNull(sequence)) OVER (
            PARTITION BY province, checkpoint_id, device_id
            ORDER BY assumeNotNull(sequence)
            ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
        ) AS previous
    FROM crossings FINAL
    WHERE readable AND device_id != '' AND sequence IS NOT NULL
)
WHERE sequence > previous + 1;

CREATE OR REPLACE VIEW feeds
COMMENT 'Who delivers: registries by their watermark, checkpoints by their last crossing, gaps, silence and delay'
AS
SELECT
    'registry' AS kind,
    '' AS province,
    toString(w.source) AS name,
    toNullable(w.complete_up_to) AS last_at,
    toNullable(w.last_published_at) AS last_published_at,
    w.silence_seconds AS silence_seconds,
    toUInt64(0) AS events,
    toUInt64(0) AS missing,
    toUInt64(0) AS waiting,
    CAST(NULL AS Nullable(Float64)) AS median_seconds
FROM watermarks AS w
UNION ALL
SELECT
    'checkpoint' AS kind,
    toString(c.province) AS province,
    toString(c.checkpoint_id) AS name,
    toNullable(max(c.occurred_at)) AS last_at,
    toNullable(max(c.published_at)) AS last_published_at,
    dateDiff('second', max(c.occurred_at), now64(3, 'UTC')) AS silence_seconds,
    count() AS events,
    toUInt64(any(g.missing)) AS missing,
    countIf(a.first_at = toDateTime64(0, 3, 'UTC')) AS waiting,
    if(waiting = events, NULL, quantileExactIf(0.5)(
        dateDiff('millisecond', c.published_at, a.first_at), a.first_at != toDateTime64(0, 3, 'UTC')) / 1000
    ) AS median_seconds
FROM
(
    SELECT province, event_id, block, any(checkpoint_id) AS checkpoint_id, max(occurred_at) AS occurred_at,
        min(published_at) AS published_at
    FROM crossings FINAL
    WHERE readable
    GROUP BY province, event_id, block
) AS c
LEFT JOIN
(
    SELECT province, event_id, block, min(assessed_at) AS first_at
    FROM assessment_versions
    GROUP BY province, event_id, block
) AS a USING (province, event_id, block)
LEFT JOIN
(
    SELECT province, checkpoint_id, sum(missing) AS missing FROM device_gaps GROUP BY province, checkpoint_id
) AS g ON g.province = c.province AND g.checkpoint_id = c.checkpoint_id
GROUP BY c.province, c.checkpoint_id;
