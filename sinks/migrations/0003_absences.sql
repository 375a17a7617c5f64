-- Whoever left or arrived, with the next sight of the same document number or NIK. A number is the same in every block, so that
-- a crossing without a birth date counts too. What is too long depends on the policy, and what is now on who asks: see
-- sinks/absences.py.

CREATE OR REPLACE VIEW next_sightings
COMMENT 'Every crossing with the next one of the same document number or NIK, and up to when its checkpoint was heard'
AS
SELECT
    a.province AS province,
    a.event_id AS event_id,
    a.block AS block,
    a.checkpoint_id AS checkpoint_id,
    a.occurred_at AS occurred_at,
    a.direction AS direction,
    a.document_type AS document_type,
    a.purpose AS purpose,
    a.origin_region AS origin_region,
    a.officer_action AS officer_action,
    a.status AS status,
    a.departure_id AS departure_id,
    a.tier AS tier,
    a.version AS version,
    c.mode AS mode,
    c.from_place AS from_place,
    c.nationality AS nationality,
    nullIf(n.next_at, toDateTime64(0, 3, 'UTC')) AS next_at,
    h.heard_at AS heard_at
FROM (SELECT * FROM assessments FINAL) AS a
INNER JOIN
(
    SELECT province, event_id, block, any(mode) AS mode, any(from_place) AS from_place, any(nationality) AS nationality
    FROM crossings FINAL
    WHERE readable AND (document_token != '' OR nik_token != '')
    GROUP BY province, event_id, block
) AS c ON a.province = c.province AND a.event_id = c.event_id AND a.block = c.block
LEFT JOIN
(
    SELECT e.province AS province, e.event_id AS event_id, e.block AS block, min(l.occurred_at) AS next_at
    FROM
    (
        SELECT province, event_id, block, occurred_at,
            arrayJoin(arrayDistinct(arrayFilter(t -> t != '', [document_token, nik_token]))) AS token
        FROM crossings FINAL
        WHERE readable
    ) AS e
    INNER JOIN
    (
        SELECT occurred_at, arrayJoin(arrayDistinct(arrayFilter(t -> t != '', [document_token, nik_token]))) AS token
        FROM crossings FINAL
        WHERE readable
    ) AS l ON e.token = l.token
    WHERE l.occurred_at > e.occurred_at
    GROUP BY province, event_id, block
) AS n ON a.province = n.province AND a.event_id = n.event_id AND a.block = n.block
LEFT JOIN
(
    SELECT checkpoint_id, max(occurred_at) AS heard_at FROM crossings FINAL WHERE readable GROUP BY checkpoint_id
) AS h ON a.checkpoint_id = h.checkpoint_id;
