"""Where the reviews of flags stand, as lists that analysts filter, sort and page by key; what a case is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clickhouse_driver import Client

from schemas.lifecycle import UNFINISHED, Case, case_of
from schemas.verdicts import Review
from schemas.vocabulary import CaseState, Status
from sinks.explaining import reviews_of
from sinks.queries import ANY, EARLIEST_MS, LATEST_MS, WITHDRAWN
from sinks.reading import Shown, each, everything, milliseconds

EXPIRY = timedelta(days=90)
"""A flag that nobody took up for so long after its crossing is shown as expired."""
NEWEST, OLDEST, HIGHEST = "newest", "oldest", "highest"
SORTS = (NEWEST, OLDEST, HIGHEST)
ATTENTION = "attention"
"""As a state: reopened by new evidence, or withdrawn after it was confirmed or referred."""

_KEYS = {
    NEWEST: "(toUnixTimestamp64Milli(occurred_at), province, event_id, block)",
    HIGHEST: "(toInt64(score), toUnixTimestamp64Milli(occurred_at), province, event_id, block)",
}
_KEYS[OLDEST] = _KEYS[NEWEST]
_STATE = """
SELECT * REPLACE (
    if(state = 'open' AND occurred_at < fromUnixTimestamp64Milli(%(expired)s, 'UTC'), 'expired', state) AS state
)
FROM flag_cases
"""
_LIST = """
SELECT event_id, province, checkpoint_id, occurred_at, status, score, rules, nullIf(departure_id, '') AS departure_id,
    nullIf(toString(tier), '') AS tier, policy, version, state, nullIf(assignee, '') AS assignee, due_at,
    if(snoozed_until > fromUnixTimestamp64Milli(%(now)s, 'UTC'), snoozed_until, NULL) AS snoozed_until,
    late_withdrawal, findings, block, {key} AS key
FROM ({state})
WHERE {condition} {after}
ORDER BY key {order}
{limit}
"""
_CONDITION = """
(%(province)s = '' OR province = %(province)s) AND (%(checkpoint)s = '' OR checkpoint_id = %(checkpoint)s)
    AND (%(rule)s = '' OR has(rules, %(rule)s)) AND (%(assignee)s = '' OR assignee = %(assignee)s)
    AND occurred_at >= fromUnixTimestamp64Milli(%(since)s, 'UTC')
    AND occurred_at < fromUnixTimestamp64Milli(%(until)s, 'UTC')
    AND multiIf(%(status)s = 'any', 1, %(status)s = 'WITHDRAWN', status != 'FLAGGED', status = %(status)s)
    AND multiIf(%(state)s = '', 1, %(state)s = 'attention', state = 'reopened' OR late_withdrawal, state = %(state)s)
"""
_COUNTS = """
SELECT province, checkpoint_id, count() AS flags, countIf(state = 'open') AS open,
    countIf(state = 'under_review') AS under_review, max(occurred_at) AS newest_at
FROM ({state})
WHERE status = 'FLAGGED' AND (%(province)s = '' OR province = %(province)s)
GROUP BY province, checkpoint_id
ORDER BY province, flags DESC, checkpoint_id
"""
_ONE = "SELECT * FROM ({state}) WHERE province = %(province)s AND event_id = %(event_id)s ORDER BY block"
_ATTENTION = "SELECT count() FROM flag_cases WHERE (%(province)s = '' OR province = %(province)s) AND "
_ATTENTION += "(state = 'reopened' OR late_withdrawal)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which flags; empty words ask for all."""

    province: str = ""
    checkpoint: str = ""
    rule: str = ""
    status: str = Status.FLAGGED.value
    """FLAGGED, WITHDRAWN or any."""
    state: str = ""
    """A `CaseState`, or `attention`."""
    assignee: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sort: str = NEWEST


STATES = (*(state.value for state in CaseState), ATTENTION)
FLAG_STATUSES = (Status.FLAGGED.value, WITHDRAWN, ANY)


def flag_list(
    client: Client, wish: Wish, *, now: datetime, after: tuple[Any, ...] | None = None, limit: int | None = None
) -> Iterator[Shown]:
    """Stream flags with where their reviews stand; each has its `key`, which a later page begins after.

    Args:
        client: not to be used for anything else until the last row is taken.
        wish: which, and in what order.
        now: what is expired or snoozed depends on it.
        after: the key of the last row of the page before.
        limit: so many at most.
    """
    asked = _asked(wish, now)
    order = "ASC" if wish.sort == OLDEST else "DESC"
    names = [f"after_{place}" for place in range(len(after or ()))]
    asked |= dict(zip(names, after or (), strict=True))
    beyond = ", ".join(f"%({name})s" for name in names)
    sql = _LIST.format(
        key=_KEYS[wish.sort],
        state=_STATE,
        condition=_CONDITION,
        after=f"AND key {'>' if order == 'ASC' else '<'} ({beyond})" if after else "",
        order=order,
        limit=f"LIMIT {limit:d}" if limit is not None else "",
    )
    return each(client, sql, asked)


def flag_counts(client: Client, *, now: datetime, province: str = "") -> list[Shown]:
    """FLAGGED crossings by province and checkpoint, and how many of them nobody has taken up."""
    return everything(client, _COUNTS.format(state=_STATE), _asked(Wish(province=province), now))


def attention_count(client: Client, *, province: str = "") -> int:
    """Closed cases that ask for another look."""
    return int(client.execute(_ATTENTION, {"province": province})[0][0])


def flag_case(client: Client, province: str, event_id: str, *, now: datetime) -> Shown | None:
    """One row of `flag_list`'s view; None where the crossing was never flagged nor reviewed."""
    asked = _asked(Wish(), now) | {"province": province, "event_id": event_id}
    rows = everything(client, _ONE.format(state=_STATE), asked)
    return rows[-1] if rows else None


def case_record(client: Client, province: str, event_id: str) -> tuple[Case, list[Shown]]:
    """What the moves on a flag come to, and the moves in the order of the log; each says whether it `counts`."""
    rows = reviews_of(client, event_id, province)
    case = case_of(review_of(row) for row in rows)
    return case, [row | {"counts": row["review_id"] not in case.refused} for row in rows]


def review_of(row: Mapping[str, Any]) -> Review:
    """The record that a row of `reviews` was made of."""
    times = ("reviewed_at", "due_at", "snoozed_until")
    read = {name: datetime.fromisoformat(row[name]) for name in times if row.get(name)}
    return Review.model_validate({**row, **read, "record": "review"})


def is_unfinished(state: str) -> bool:
    """Whether a flag waits for its conclusion."""
    return state in {*(one.value for one in UNFINISHED), CaseState.REOPENED.value}


def _asked(wish: Wish, now: datetime) -> dict[str, Any]:
    return {
        "province": wish.province,
        "checkpoint": wish.checkpoint,
        "rule": wish.rule,
        "status": wish.status,
        "state": wish.state,
        "assignee": wish.assignee,
        "since": milliseconds(wish.since, EARLIEST_MS),
        "until": milliseconds(wish.until, LATEST_MS),
        "now": milliseconds(now, LATEST_MS),
        "expired": milliseconds(now - EXPIRY, LATEST_MS),
    }
