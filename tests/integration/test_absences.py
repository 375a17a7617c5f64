"""Who is missing, on the real engine: planted absences are listed, and their look-alikes are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from lintas.policies import terms_of
from schemas.records import Document, TransitEvent
from schemas.verdicts import Assessment
from schemas.vocabulary import Direction, DocumentType, Mode, OfficerAction, Purpose, Status
from sinks.absences import absences
from streams.policy import shipped_policy
from tests.integration.sinking import Written, client_of, own_database, verdict
from tests.people import MARIA, NUNUKAN, T0, crossing, weak

pytestmark = pytest.mark.clickhouse
POLICY = shipped_policy()
TERMS = terms_of(POLICY)
DAY = timedelta(days=1)
LATER = T0 + 60 * DAY
SOMEBODY = replace(MARIA, name="YULIANA TAKENE", passport="XX5550001", nik="5399995705989055")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def written(server: ClickHouseAddress) -> Iterator[Written]:
    with own_database(server) as address:
        yield Written(client_of(address))


def judged(event: TransitEvent, **changes: Any) -> Assessment:
    fields = {
        "province": event.province, "block": event.block, "checkpoint_id": event.checkpoint_id,
        "occurred_at": event.occurred_at, "direction": event.direction, "document_type": event.document.type,
        "purpose": event.purpose, "origin_region": event.origin_region, "officer_action": event.officer_action,
    }  # fmt: skip
    return verdict(event.event_id, Status.OUT_OF_SCOPE, **(fields | changes))


def say(written: Written, *events: TransitEvent, **changes: Any) -> None:
    for event in events:
        written.say((f"transit.{event.province.value}", event), ("assessments", judged(event, **changes)))


def heard(checkpoint: str = "ID-21-BTC", at: datetime = LATER) -> TransitEvent:
    """Somebody else at that checkpoint: its feed is not silent."""
    return crossing(SOMEBODY, event_id="other", at=at, checkpoint_id=checkpoint, purpose=Purpose.WORK)


def visit(**changes: Any) -> TransitEvent:
    return crossing(**({"purpose": Purpose.TOURISM} | changes))


def arrival(**changes: Any) -> TransitEvent:
    document = Document(type=DocumentType.KTP, token=MARIA.tokens()[1])
    usual = {"direction": Direction.DOMESTIC, "mode": Mode.SEA, "checkpoint_id": NUNUKAN, "document": document}
    return crossing(**(usual | changes))


def missing(written: Written, now: datetime = LATER, **asked: Any) -> list[tuple[str, str]]:
    return [(row["event_id"], row["rules"][0]) for row in absences(written.client, TERMS, now=now, **asked)]


def back(days: float, **changes: Any) -> TransitEvent:
    return crossing(event_id="back", direction=Direction.IN, at=T0 + days * DAY, **changes)


def test_a_visitor_who_does_not_return_in_time_is_missing(written: Written) -> None:
    say(written, visit(), heard())
    assert missing(written) == [("e1", "R14")]
    assert missing(written, now=T0 + 30 * DAY) == [("e1", "R14")]
    assert missing(written, now=T0 + 30 * DAY - timedelta(seconds=1)) == []
    assert missing(written, rule="R18") == []
    assert missing(written, province="kalbar") == []
    (row,) = absences(written.client, TERMS, now=LATER)
    assert (row["score"], row["status"], row["policy"]) == (POLICY.weight("R14"), "OUT_OF_SCOPE", POLICY.digest)
    found = row["finding"]
    assert found["evidence"] == ["event:kepri/e1"]
    assert "30 hari" in found["sentence_id"]
    assert found["clears_id"].startswith("Akan gugur")


@pytest.mark.parametrize(
    "world",
    [
        pytest.param([visit(), back(29), heard()], id="returned"),
        pytest.param([visit(), back(10, checkpoint_id=NUNUKAN), heard()], id="returned elsewhere"),
        pytest.param([visit(), back(9, document=Document(type=DocumentType.SPLP)), heard()], id="returned by NIK"),
        pytest.param([visit(), back(9, block=weak("p"), nik_token=None, birth_year=None), heard()], id="undated"),
        pytest.param([visit()], id="the checkpoint was not heard since"),
        pytest.param([visit(), heard(NUNUKAN)], id="another checkpoint was heard"),
        pytest.param([visit(purpose=Purpose.STUDY), heard()], id="student"),
        pytest.param([visit(nationality="MYS"), heard()], id="foreigner"),
        pytest.param([visit(origin_region="350101"), heard()], id="another province"),
        pytest.param([visit(officer_action=OfficerAction.POSTPONED), heard()], id="never left"),
        pytest.param([visit(document=Document(type=DocumentType.PLB)), heard()], id="border pass"),
        pytest.param([arrival(mode=Mode.AIR), heard(NUNUKAN)], id="by air"),
        pytest.param([arrival(), crossing(event_id="e2", at=T0 + DAY, purpose=Purpose.WORK), heard()], id="went on"),
    ],
)
def test_the_look_alike_is_not_missing(written: Written, world: list[TransitEvent]) -> None:
    say(written, *world)
    assert missing(written) == []


def test_a_registered_worker_is_not_missing(written: Written) -> None:
    say(written, visit(), departure_id="d1")
    say(written, heard())
    assert missing(written) == []


def test_who_came_back_late_was_missing_and_stays_listed(written: Written) -> None:
    say(written, visit(), back(31), heard())
    assert missing(written) == [("e1", "R14")]


def test_who_arrived_by_ship_and_was_not_seen_again_is_missing(written: Written) -> None:
    say(written, arrival(), heard(NUNUKAN))
    assert missing(written) == [("e1", "R18")]
    assert missing(written, now=T0 + 13 * DAY) == []
    assert missing(written, event_id="e2") == []
