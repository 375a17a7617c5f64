"""Each rule with the cases that raise it and their look-alikes that do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from schemas.records import Document, Readiness
from schemas.vocabulary import DepartureEvent, Direction, DocumentType, OfficerAction, Purpose, Sex, Source, Status
from streams.case import CATALOGUE
from streams.casebook import Casebook
from streams.policy import shipped_policy
from tests.people import (
    ALL_PAPERS,
    BATAM,
    MARIA,
    NUNUKAN,
    SEKUPANG,
    T0,
    TARAKAN,
    Person,
    admitted,
    crossing,
    departure,
    heartbeats,
    passport_of,
    report,
    weak,
)
from tests.unit.pattern_worlds import PATTERNS

POLICY = shipped_policy()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YUSUF = Person(name="YUSUF BERE", sex=Sex.M, nik="5399991705989003", passport="XX1234567")
ANOTHER = Person(name="ANASTASIA WEA", nik="5399995705989009", passport="XX2222222")
HOMONYM = replace(MARIA, name="MARIA GORETTI SERAN", passport="XX3333333", nik="5399995705989007")
UNKNOWN_NUMBERS = replace(MARIA, passport="XX4444444", nik=None)
NO_NIK = replace(MARIA, nik=None)
FAR_AND_NEW = {"issue_office": "KANIM PAREPARE", "issued_on": date(2026, 2, 20)}

World = list[Any]


def judge(world: World, event_id: str = "e1") -> Any:
    """The verdict on one crossing of a world."""
    book = Casebook(POLICY)
    book.replay(admitted(*world))
    return next(a for a in book.verdicts() if a.event_id == event_id)


def refused(**changes: Any) -> Any:
    return crossing(event_id="e0", officer_action=OfficerAction.REFUSED, **changes)


def sent_home(person: Person = MARIA, **changes: Any) -> Any:
    document = Document(type=DocumentType.SPLP)
    given = {
        "direction": Direction.IN,
        "document": document,
        "purpose": Purpose.DEPORTATION,
        "event_id": "e0",
    } | changes
    return crossing(person, **given)


CASES: dict[str, tuple[list[World], list[World]]] = {
    "R01": (
        [
            [crossing(), *heartbeats()],
            [crossing(), departure(event=DepartureEvent.CANCELLED, revision=2, issued_at=T0 - DAY), *heartbeats()],
            [crossing(), departure(planned_date=T0.date() - 60 * DAY), *heartbeats()],
            [crossing(purpose=None), *heartbeats()],
            [crossing(at=T0 + 31 * DAY), departure(), *heartbeats(T0 + 60 * DAY)],
        ],
        [
            [crossing(), departure(), *heartbeats()],
            [crossing(), *heartbeats(T0 + timedelta(hours=71, minutes=59))],
            [crossing(), *heartbeats()[:3]],
            [crossing(purpose=Purpose.TOURISM), *heartbeats()],
            [crossing(nationality="MYS"), *heartbeats()],
            [crossing(origin_region="350101"), *heartbeats()],
            [
                crossing(),
                departure(),
                departure(event=DepartureEvent.CANCELLED, revision=2, issued_at=T0 + DAY),
                *heartbeats(),
            ],
            [
                crossing(purpose=Purpose.RETURN_TO_WORK),
                departure(planned_date=None, valid_from=date(2025, 3, 2), valid_to=date(2026, 3, 2)),
                *heartbeats(),
            ],
            [crossing(direction=Direction.IN), *heartbeats()],
        ],
    ),
    "R02": (
        [
            [crossing(destination_country="MY"), departure(destination_country="SG")],
            [crossing(destination_country=None, to_place="MY-STL"), departure(destination_country="SG")],
            [crossing(checkpoint_id=NUNUKAN), departure(checkpoint_id=BATAM)],
        ],
        [
            [crossing(), departure()],
            [crossing(checkpoint_id=SEKUPANG), departure(checkpoint_id=BATAM)],
            [crossing(destination_country=None, to_place="SG-HFC"), departure(destination_country="HK")],
            [
                crossing(checkpoint_id=NUNUKAN, purpose=Purpose.RETURN_TO_WORK),
                departure(checkpoint_id=BATAM, valid_from=date(2025, 6, 1), valid_to=date(2027, 6, 1)),
            ],
            [crossing(destination_country="MY"), departure(destination_country=None)],
        ],
    ),
    "R03": (
        [
            [crossing(), departure(sector="domestic_work", readiness=Readiness())],
            [crossing(), departure(sector="domestic_work", employer_type="household", readiness=Readiness(visa=True))],
            [crossing(), departure(sector="domestic_work", readiness=Readiness(), destination_country="SG")],
        ],
        [
            [crossing(), departure(sector="domestic_work")],
            [crossing(), departure(sector="plantation", readiness=Readiness())],
            [crossing(), departure(sector="domestic_work", readiness=Readiness(), origin_region="330101")],
            [
                crossing(at=T0.replace(year=2025)),
                departure(
                    sector="domestic_work",
                    readiness=Readiness(),
                    planned_date=T0.date().replace(year=2025),
                    issued_at=T0.replace(year=2025) - 30 * DAY,
                ),
            ],
        ],
    ),
    "R08": (
        [
            [crossing(document=passport_of(MARIA, **FAR_AND_NEW))],
            [crossing(document=passport_of(MARIA, issue_office="Nunukan", issued_on=date(2025, 12, 10)))],
            [crossing(document=passport_of(MARIA, issue_office="BLITAR", issued_on=T0.date())), departure()],
        ],
        [
            [crossing(document=passport_of(MARIA, issue_office="KANIM KUPANG", issued_on=date(2026, 2, 20)))],
            [crossing(document=passport_of(MARIA, issue_office="PAREPARE", issued_on=date(2025, 6, 1)))],
            [crossing(document=passport_of(MARIA, issue_office="PAREPARE"))],
            [crossing(document=passport_of(MARIA, **FAR_AND_NEW), origin_region="737201")],
            [crossing(document=passport_of(MARIA, issue_office="???", issued_on=date(2026, 2, 20)))],
        ],
    ),
    "R09": (
        [
            [crossing(document=passport_of(MARIA, issued_on=date(2026, 2, 20)))],
            [crossing(document=passport_of(MARIA, issued_on=T0.date()))],
            [crossing(document=passport_of(MARIA, issued_on=date(2026, 2, 20))), crossing(event_id="e2", at=T0 + DAY)],
        ],
        [
            [crossing(document=passport_of(MARIA, issued_on=date(2026, 2, 20))), crossing(event_id="e0", at=T0 - DAY)],
            [crossing(document=passport_of(MARIA, issued_on=date(2025, 12, 1)))],
            [crossing()],
        ],
    ),
    "R10": (
        [
            [crossing(age_years=16)],
            [crossing(age_years=17), departure()],
            [crossing(age_years=15, direction=Direction.DOMESTIC)],
            [crossing(nik_birth_year=2001)],
            [crossing(), departure(birth_year=2001)],
        ],
        [
            [crossing(age_years=18)],
            [crossing(age_years=9, purpose=Purpose.FAMILY)],
            [crossing(age_years=16, nationality="SGP")],
            [crossing(age_years=None, birth_year=None, nik_birth_year=None)],
            [crossing(), departure()],
        ],
    ),
    "R11": (
        [
            [crossing(identity_quality=("nik_invalid",))],
            [crossing(identity_quality=("sex_contradicts_nik",))],
            [crossing(identity_quality=("birth_date_contradicts_nik", "mrz_check_failed"))],
        ],
        [
            [crossing()],
            [crossing(identity_quality=("nik_suspect",))],
            [crossing(identity_quality=("nik_invalid",), nationality="MYS")],
        ],
    ),
    "R12": (
        [
            [crossing(), crossing(YUSUF, event_id="e2", at=T0 + 20 * DAY)],
            [crossing(), departure(YUSUF)],
            [crossing(), crossing(event_id="e2", checkpoint_id=NUNUKAN, at=T0 + HOUR)],
            [
                crossing(NO_NIK, block=weak("p"), birth_year=None),
                crossing(replace(YUSUF, nik=None), event_id="e2", block=weak("p"), birth_year=None),
            ],
        ],
        [
            [crossing(), crossing(replace(MARIA, name="MARIA GORETTI"), event_id="e2", at=T0 + 5 * DAY)],
            [crossing(), crossing(event_id="e2", checkpoint_id=NUNUKAN, at=T0 + 12 * HOUR)],
            [crossing(), crossing(event_id="e2", checkpoint_id=SEKUPANG, at=T0 + HOUR / 6)],
            [crossing(), crossing(ANOTHER, event_id="e2")],
        ],
    ),
    "R16": (
        [
            [crossing(), sent_home(at=T0 - 30 * DAY)],
            [crossing(NO_NIK), sent_home(NO_NIK, at=T0 - 2 * DAY, checkpoint_id=NUNUKAN)],
            [crossing(), crossing(event_id="e0", direction=Direction.IN, at=T0 - DAY, purpose=Purpose.DEPORTATION)],
        ],
        [
            [crossing(), sent_home(at=T0 - 91 * DAY)],
            [crossing(), sent_home(at=T0 - 30 * DAY), departure()],
            [crossing(), sent_home(ANOTHER, at=T0 - 30 * DAY)],
            [crossing(), sent_home(at=T0 + DAY)],
            [crossing(), crossing(event_id="e0", direction=Direction.IN, at=T0 - DAY, purpose=Purpose.FAMILY)],
        ],
    ),
    "R21": (
        [
            [crossing(), departure(readiness=Readiness())],
            [crossing(), departure(readiness=ALL_PAPERS.model_copy(update={"visa": None}))],
            [crossing(), departure(readiness=ALL_PAPERS.model_copy(update={"insurance": False}))],
        ],
        [
            [crossing(), departure()],
            [crossing(), *heartbeats()],
            [
                crossing(),
                departure(readiness=Readiness(certificate=True, opp=True, health=True)),
                departure(
                    revision=2,
                    issued_at=T0 + DAY,
                    readiness=Readiness(insurance=True, permission=True, visa=True),
                ),
            ],
        ],
    ),
    "R25": (
        [
            [crossing(), report()],
            [crossing(), report(replace(MARIA, name="MARIA GORETI SERAM"), at=T0 + 9 * DAY)],
            [crossing(NO_NIK, direction=Direction.DOMESTIC), report(at=T0 - 90 * DAY)],
            [crossing(), report(block=None, name_code=None, nik_token=MARIA.tokens()[1])],
        ],
        [
            [crossing(), report(ANOTHER)],
            [crossing(), report(replace(MARIA, name="YULIANA TAKENE"))],
            [crossing(), report(sex=Sex.M)],
            [crossing(), report(nik_token=ANOTHER.tokens()[1])],
        ],
    ),
    "R26": (
        [
            [crossing(), departure(issued_at=T0 + HOUR)],
            [crossing(), departure(issued_at=T0 + 20 * DAY, planned_date=T0.date() + 40 * DAY), *heartbeats()],
            [crossing(UNKNOWN_NUMBERS), departure(issued_at=T0 + 2 * DAY)],
        ],
        [
            [crossing(), departure(issued_at=T0 - HOUR)],
            [crossing(), departure(), departure(revision=2, issued_at=T0 + DAY, event=DepartureEvent.DEPARTED)],
            [crossing(), departure(issued_at=T0 + 200 * DAY), *heartbeats()],
            [crossing(), departure(), departure(departure_id="d2", issued_at=T0 + DAY)],
        ],
    ),
    "R27": (
        [
            [crossing(UNKNOWN_NUMBERS), departure(), departure(HOMONYM, departure_id="d2")],
            [crossing(UNKNOWN_NUMBERS), departure(), departure(HOMONYM, departure_id="d2"), *heartbeats()],
            [crossing(replace(MARIA, passport=None, nik=None)), departure(), departure(HOMONYM, departure_id="d2")],
            [
                crossing(UNKNOWN_NUMBERS),
                departure(replace(MARIA, passport=None, nik=None), departure_id="d0"),  # may be either's
                departure(),
                departure(HOMONYM, departure_id="d2"),
            ],
        ],
        [
            [crossing(), departure(), departure(HOMONYM, departure_id="d2")],
            [crossing(UNKNOWN_NUMBERS), departure(), departure(departure_id="d2", planned_date=T0.date() + DAY)],
            [crossing(UNKNOWN_NUMBERS), departure(), departure(ANOTHER, departure_id="d2")],
        ],
    ),
    "R28": (
        [
            [crossing(), refused(checkpoint_id=NUNUKAN, at=T0 - 3 * DAY)],
            [crossing(checkpoint_id=TARAKAN), refused(checkpoint_id=NUNUKAN, at=T0 - 14 * DAY)],
            [crossing(UNKNOWN_NUMBERS), refused(checkpoint_id=NUNUKAN, at=T0 - DAY)],
            [
                crossing(),
                crossing(event_id="e0", checkpoint_id=NUNUKAN, at=T0 - DAY, officer_action=OfficerAction.RETURNED),
            ],
        ],
        [
            [crossing(), refused(checkpoint_id=BATAM, at=T0 - 3 * DAY)],
            [crossing(), refused(checkpoint_id=NUNUKAN, at=T0 - 15 * DAY)],
            [crossing(), refused(checkpoint_id=NUNUKAN, at=T0 - 3 * DAY), departure()],
            [crossing(ANOTHER), refused(checkpoint_id=NUNUKAN, at=T0 - 3 * DAY)],
            [crossing(), crossing(event_id="e0", checkpoint_id=NUNUKAN, at=T0 - 3 * DAY)],
        ],
    ),
} | PATTERNS


def numbered(pick: Callable[[tuple[list[World], list[World]]], list[World]]) -> list[Any]:
    return [pytest.param(rule, world, id=f"{rule}-{i}") for rule, c in CASES.items() for i, world in enumerate(pick(c))]


@pytest.mark.parametrize(("rule", "world"), numbered(lambda c: c[0]))
def test_the_rule_is_raised(rule: str, world: World) -> None:
    """The finding stands, with the weight that the policy gives it."""
    found = {f.rule: f for f in judge(world).findings}
    assert rule in found
    weights = {POLICY.weight(key) for r in CATALOGUE if r.id == rule for key in r.weight_keys}
    assert found[rule].weight in weights | {POLICY.weight("R01")}


@pytest.mark.parametrize(("rule", "world"), numbered(lambda c: c[1]))
def test_the_look_alike_is_left_alone(rule: str, world: World) -> None:
    """The innocent twin does not carry the finding."""
    assert rule not in {f.rule for f in judge(world).findings}


def test_every_rule_has_three_cases_and_three_look_alikes() -> None:
    """No rule enters the catalogue without them, nor without a source and a weight in the policy."""
    assert {r.id for r in CATALOGUE} == set(CASES)
    for rule, (raised, left_alone) in CASES.items():
        assert len(raised) >= 3, rule
        assert len(left_alone) >= 3, rule
    for rule in CATALOGUE:
        assert "Source:" in (rule.judge.__doc__ or ""), rule.id
        assert all(key in POLICY.weights for key in rule.weight_keys), rule.id


STRONG = {"R02.destination", "R03", "R10.minor", "R12.two_people", "R12.travel", "R25"}
"""Those that an analyst is to see for themselves alone."""


def test_no_other_rule_flags_a_crossing_alone() -> None:
    """All others need company."""
    alone = {k for rule in CATALOGUE for k in rule.weight_keys if POLICY.weight(k) >= POLICY.review_threshold}
    assert alone == STRONG


def test_both_crossings_of_a_shared_document_carry_the_finding() -> None:
    """R12 marks the first and the second bearer."""
    world = [crossing(), crossing(YUSUF, event_id="e2", at=T0 + DAY)]
    assert all("R12" in {f.rule for f in judge(world, e).findings} for e in ("e1", "e2"))


@pytest.mark.parametrize(
    ("world", "status", "tier"),
    [
        ([crossing(), departure()], Status.MATCHED, "passport"),
        ([crossing(replace(MARIA, passport="XX5555555")), departure()], Status.MATCHED, "nik"),
        ([crossing(UNKNOWN_NUMBERS), departure()], Status.MATCHED, "name"),
        (
            [
                crossing(NO_NIK),
                departure(replace(MARIA, passport="XX6666666"), previous_passport_tokens=(MARIA.tokens()[0],)),
            ],
            Status.MATCHED,
            "passport",
        ),
        ([crossing()], Status.PENDING, None),
        ([crossing(), *heartbeats(T0 + timedelta(hours=72))], Status.UNREGISTERED, None),
        ([crossing(), departure(issued_at=T0 + DAY)], Status.UNREGISTERED, None),
        ([crossing(purpose=Purpose.TOURISM), *heartbeats()], Status.OUT_OF_SCOPE, None),
        ([crossing(nationality="SGP"), departure(), *heartbeats()], Status.OUT_OF_SCOPE, None),
        ([crossing(document=passport_of(MARIA, **FAR_AND_NEW)), *heartbeats()], Status.FLAGGED, None),
        ([crossing(), report()], Status.FLAGGED, None),
        ([crossing(document=Document(type=DocumentType.PLB)), *heartbeats()], Status.OUT_OF_SCOPE, None),
    ],
)
def test_status_and_tier(world: World, status: Status, tier: str | None) -> None:
    """Exactly one status holds, and the tier says how the registration was met."""
    verdict = judge(world)
    assert (verdict.status, verdict.tier) == (status, tier)


def test_a_crossing_on_the_last_day_of_the_contract_is_covered() -> None:
    """Both ends of a contract are inclusive, by the checkpoint's calendar."""
    contract = {"planned_date": None, "valid_from": date(2024, 3, 3), "valid_to": date(2026, 3, 2)}
    late_evening = T0.replace(hour=16, minute=59)
    assert judge([crossing(at=late_evening), departure(**contract)]).status is Status.MATCHED
    assert judge([crossing(at=late_evening + HOUR), departure(**contract)]).status is Status.PENDING


def test_a_revision_that_knows_only_its_id_cancels_the_registration() -> None:
    """A cancellation without birth date or numbers goes to every lane and meets the registration by its id."""
    cancelled = departure(
        revision=2,
        event=DepartureEvent.CANCELLED,
        issued_at=T0 - DAY,
        block=None,
        passport_token=None,
        nik_token=None,
        name_code=None,
        birth_year=None,
        planned_date=None,
        source=Source.BP3MI,
    )
    verdict = judge([crossing(), departure(), cancelled, *heartbeats()])
    assert verdict.status is Status.UNREGISTERED
    assert [f.weight for f in verdict.findings] == [POLICY.weight("R01.cancelled")]
