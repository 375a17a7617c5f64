"""Silent checkpoints and sailings, on the real engine: planted silences are listed, quiet places are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from lintas.policies import silence_terms_of
from schemas.records import TransitEvent
from schemas.vocabulary import Direction, Mode
from sinks.silences import silences
from streams.policy import shipped_policy
from tests.integration.sinking import Written, client_of, own_database
from tests.people import BATAM, NUNUKAN, T0, crossing

pytestmark = pytest.mark.clickhouse
TERMS = silence_terms_of(shipped_policy())
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LAST = T0 + 14 * DAY
"""A Monday, 10:00 at Nunukan."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def written(server: ClickHouseAddress) -> Iterator[Written]:
    with own_database(server) as address:
        yield Written(client_of(address))


def say(written: Written, *events: TransitEvent) -> None:
    for event in events:
        written.say((f"transit.{event.province.value}", event))


def daily(place: str, times: int, *, until: datetime = LAST, days: int = 14, **changes: Any) -> list[TransitEvent]:
    """So many crossings a day at one post, up to a time; another person each."""
    return [
        crossing(at=until - day * DAY - n * HOUR, event_id=f"{place}-{day}-{n}", checkpoint_id=place, **changes)
        for day in range(days + 1)
        for n in range(times)
    ]


def found(written: Written, now: datetime) -> list[tuple[str, str, Any]]:
    return [(r["kind"], r["name"], r["expected"] or r["called_on"]) for r in silences(written.client, TERMS, now=now)]


def test_a_checkpoint_is_silent_once_many_must_have_passed_and_none_came(written: Written) -> None:
    say(written, *daily(BATAM, 8), *daily("ID-61-ETK", 1), *daily("ID-21-SKP", 8, days=5))
    assert found(written, LAST + 35 * HOUR) == []
    (busy,) = found(written, LAST + 37 * HOUR)
    assert busy[:2] == ("checkpoint", BATAM)
    assert 12 <= busy[2] <= 14
    # one crossing a day is missed after ten days; a post known for less than a week has no rate
    assert [name for _, name, _ in found(written, LAST + 12 * DAY)] == [BATAM, "ID-61-ETK"]


def test_a_checkpoint_that_speaks_again_is_not_silent(written: Written) -> None:
    again = LAST + 3 * DAY
    say(written, *daily(BATAM, 8), crossing(at=again, event_id="again", checkpoint_id=BATAM))
    assert [name for _, name, _ in found(written, again - HOUR)] == [BATAM]
    assert found(written, again + HOUR) == []


def arrivals(*days: int) -> list[TransitEvent]:
    """Passengers off the KM Lambelu, which calls at Nunukan on Tuesdays and Saturdays."""
    usual = {"checkpoint_id": NUNUKAN, "direction": Direction.DOMESTIC, "mode": Mode.SEA, "from_place": "ID-53-LSY"}
    return [crossing(at=LAST + day * DAY, event_id=f"a{day}", **usual) for day in days]


def test_a_ship_of_whose_passengers_none_was_seen_is_a_silent_sailing(written: Written) -> None:
    say(written, *arrivals(-13, -9, -6))  # not of Saturday 14 March, LAST - 2 days
    now = LAST + 1 * HOUR
    assert found(written, now) == [("sailing", NUNUKAN, "2026-03-14")]
    say(written, *arrivals(-2))
    assert found(written, now) == []


def test_a_post_that_records_no_arrivals_says_nothing_of_a_ship(written: Written) -> None:
    say(written, *daily(NUNUKAN, 1, days=3))
    assert found(written, LAST + 1 * HOUR) == []


def test_a_ship_is_not_missed_before_its_passengers_can_have_been_seen(written: Written) -> None:
    say(written, *arrivals(-13, -9, -6))
    assert found(written, LAST - 15 * HOUR) == []  # Sunday 19:00, 43 hours after Saturday began
