"""Which findings do not count, and who or what says so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.records import Suppression
from schemas.verdicts import Assessment
from schemas.vocabulary import Direction, DocumentType, Province, Purpose, Status
from streams.casebook import Casebook
from streams.policy import load_policy, shipped_policy, shipped_text
from tests.people import MARIA, T0, Person, admitted, crossing, departure, heartbeats, passport_of

POLICY = shipped_policy()
NEW = passport_of(MARIA, issue_office="BLITAR", issued_on=(T0 - timedelta(days=20)).date())


def verdict(*facts: Any, event_id: str = "e1") -> Assessment:
    book = Casebook(POLICY)
    book.replay(admitted(*facts, *heartbeats()))
    return next(v for v in book.verdicts() if v.event_id == event_id)


def suppression(**changes: Any) -> Suppression:
    fields: dict[str, Any] = {
        "suppression_id": "s1",
        "event_id": "e1",
        "province": Province.KEPRI,
        "block": MARIA.block,
        "rules": ("R08", "R09"),
        "reason": "renewed after a flood",
        "made_by": "analyst",
        "made_at": T0,
        "until": T0 + timedelta(days=1),
    }
    return Suppression(**(fields | changes))


def rules(found: Assessment) -> tuple[set[str], set[str]]:
    return {f.rule for f in found.findings}, {s.finding.rule for s in found.suppressed}


def test_a_suppressed_finding_is_no_part_of_the_score_and_stays_on_the_verdict() -> None:
    event = crossing(document=NEW)
    plain, without = verdict(event), verdict(event, suppression())
    assert plain.status is Status.FLAGGED
    assert rules(without) == ({"R01"}, {"R08", "R09"})
    assert (without.status, without.score) == (Status.UNREGISTERED, 25)
    assert {s.finding for s in without.suppressed} == {f for f in plain.findings if f.rule != "R01"}
    assert {(s.kind, s.by, s.reason) for s in without.suppressed} == {
        ("analyst", "suppression:s1", "renewed after a flood")
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"until": T0},
        {"rules": ("R25",)},
        {"event_id": "e2"},
        {"province": Province.KALTARA},
        {"block": Person(born=date(1990, 1, 1)).block},
        {"event_id": None, "province": None, "block": None, "token": Person(passport="XX9").tokens()[0]},
    ],
)
def test_it_holds_for_nothing_else(changes: dict[str, Any]) -> None:
    event = crossing(document=NEW)
    assert verdict(event, suppression(**changes)) == verdict(event)


def test_under_a_number_it_holds_for_every_crossing_before_its_end() -> None:
    later = crossing(document=NEW, at=T0 + timedelta(days=2), event_id="e2")
    about = suppression(event_id=None, province=None, block=None, token=MARIA.tokens()[0])
    assert rules(verdict(crossing(document=NEW), later, about))[1] == {"R08", "R09"}
    assert rules(verdict(crossing(document=NEW), later, about, event_id="e2"))[1] == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"token": MARIA.tokens()[0]},
        {"block": None},
        {"event_id": None, "province": None, "block": None},
        {"event_id": None, "token": MARIA.tokens()[0]},
        {"rules": ()},
        {"rules": ("R8",)},
    ],
)
def test_a_suppression_is_about_one_thing_and_some_rules(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        suppression(**changes)


def test_a_passport_renewed_under_a_running_contract_does_not_count() -> None:
    contract = {"valid_from": T0.date() - timedelta(days=300), "valid_to": T0.date() + timedelta(days=300)}
    running = departure(planned_date=T0.date() - timedelta(days=300), **contract)
    event = crossing(document=NEW, purpose=Purpose.RETURN_TO_WORK)
    found = verdict(event, running)
    assert found.status is Status.MATCHED
    assert rules(found) == (set(), {"R08", "R09"})
    assert {(s.kind, s.by) for s in found.suppressed} == {("running_contract", "departure:d1")}


@pytest.mark.parametrize(
    "changes",
    [
        {"planned_date": T0.date(), "valid_from": T0.date(), "valid_to": T0.date() + timedelta(days=700)},
        {"planned_date": T0.date()},
    ],
)
def test_the_first_departure_under_a_contract_is_looked_at_like_any_other(changes: dict[str, Any]) -> None:
    assert rules(verdict(crossing(document=NEW), departure(**changes)))[1] == set()


def visits(place: str, kind: DocumentType, region: str) -> list[Any]:
    """Two stays of a fortnight and a third departure."""
    document = NEW.model_copy(update={"type": kind, "issued_on": None})
    same = {"document": document, "checkpoint_id": place, "origin_region": region, "purpose": Purpose.FAMILY}
    return [
        crossing(at=T0 + timedelta(days=day), event_id=f"e{n}", direction=way, **same)
        for n, (day, way) in enumerate(((0, "out"), (14, "in"), (16, "out"), (30, "in"), (32, "out")))
        for way in [Direction(way)]
    ]


@pytest.mark.parametrize(
    ("kind", "region", "counts"),
    [(DocumentType.PLB, "610101", False), (DocumentType.PLB, "530199", True), (DocumentType.PASSPORT, "610101", True)],
)
def test_to_and_fro_on_a_border_pass_of_ones_own_regency_does_not_count(
    kind: DocumentType, region: str, counts: bool
) -> None:
    found = verdict(*visits("ID-61-ARK", kind, region), event_id="e4")
    assert ("R13" in rules(found)[0], "R13" in rules(found)[1]) == (counts, not counts)


def test_a_policy_without_the_section_suppresses_nothing() -> None:
    text = shipped_text()
    begin, end = text.index("# Findings that do not count"), text.index("weights:")
    policy = load_policy(text[:begin] + text[end:])
    book = Casebook(policy)
    book.replay(admitted(*visits("ID-61-ARK", DocumentType.PLB, "610101")))
    assert [v.suppressed for v in book.verdicts() if v.suppressed] == []


def test_a_situation_explains_nothing_while_anything_else_is_found() -> None:
    contract = {"valid_from": T0.date() - timedelta(days=300), "valid_to": T0.date() + timedelta(days=300)}
    running = departure(planned_date=T0.date() - timedelta(days=300), **contract)
    event = crossing(document=NEW, purpose=Purpose.RETURN_TO_WORK, destination_country="SG")
    assert rules(verdict(event, running)) == ({"R02", "R08", "R09"}, set())
    about = suppression(rules=("R02",))
    assert rules(verdict(event, running, about)) == (set(), {"R02", "R08", "R09"})
