"""Small worlds of facts for property tests: few people, many coincidences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from schemas.records import Document, Heartbeat, PolicyVersion, Readiness, Suppression
from schemas.reference import province_of
from schemas.vocabulary import DepartureEvent, Direction, DocumentType, OfficerAction, Purpose, Sex, Source
from streams.policy import load_policy, shipped_text
from tests.people import (
    ALL_PAPERS,
    BATAM,
    NUNUKAN,
    SEKUPANG,
    T0,
    TARAKAN,
    Person,
    crossing,
    departure,
    report,
    weak,
)

BORN = date(1998, 5, 17)
SEBATIK = "ID-65-SBT"
HOUR = timedelta(hours=1)
PEOPLE = (
    Person(),
    Person(name="MARIA GORETTI SERAN", nik=None, passport="XX7654321"),
    Person(name="MARTA GORETI SERAN", nik="5399995705989002", passport=None),
    Person(name="YUSUF BERE", sex=Sex.M, nik="5399991705989003", passport="XX1234567"),
    Person(name="ANASTASIA WEA", born=date(2010, 1, 1), nik="5399994101109001", passport="XX9999999"),
)
people = st.sampled_from((PEOPLE[0], PEOPLE[0], *PEOPLE))
hours = st.integers(-24 * 100, 24 * 100).map(lambda h: T0 + timedelta(hours=h))
days = st.integers(-120, 120).map(lambda d: T0.date() + timedelta(days=d))


@st.composite
def crossings(draw: st.DrawFn) -> Any:
    """Somebody somewhere; the same event_id may be published twice with different content."""
    person = draw(people)
    event = crossing(
        person,
        at=draw(hours),
        event_id=f"e{draw(st.integers(0, 5))}",
        checkpoint_id=draw(st.sampled_from([BATAM, SEKUPANG, NUNUKAN, TARAKAN, SEBATIK])),
        direction=draw(st.sampled_from([Direction.OUT, Direction.OUT, Direction.IN, Direction.DOMESTIC])),
        purpose=draw(
            st.sampled_from([Purpose.WORK, Purpose.RETURN_TO_WORK, Purpose.TOURISM, Purpose.DEPORTATION, None])
        ),
        destination_country=draw(st.sampled_from(["MY", "SG", None])),
        officer_action=draw(st.sampled_from([None, OfficerAction.REFUSED, OfficerAction.CLEARED])),
        from_place=draw(st.sampled_from([None, "ID-53-LSY", "ID-21-TUB"])),
        to_place=draw(st.sampled_from([None, "MY-STL", "MY-PGL"])),
    )
    if event.document.token and draw(st.booleans()):
        kind = draw(
            st.sampled_from([DocumentType.PASSPORT, DocumentType.PASSPORT, DocumentType.SPLP, DocumentType.PLB])
        )
        document = Document(
            type=kind,
            token=event.document.token,
            issue_office=draw(st.sampled_from([None, "KANIM KUPANG", "PAREPARE"])),
            issued_on=draw(st.none() | st.integers(0, 60).map(lambda d: event.occurred_at.date() - timedelta(days=d))),
        )
        event = event.model_copy(update={"document": document})
    if event.document.token and draw(st.integers(0, 9)) == 0:
        event = event.model_copy(update={"block": weak(event.document.token), "birth_year": None, "name_code": None})
    return event


@st.composite
def departures(draw: st.DrawFn) -> Any:
    """A revision of one of few registrations, under a birth date's block, a weak block or none."""
    person = draw(people)
    starts = draw(st.none() | days)
    record = departure(
        person,
        departure_id=f"d{draw(st.integers(0, 3))}",
        revision=draw(st.integers(1, 3)),
        event=draw(st.sampled_from(list(DepartureEvent))),
        planned_date=draw(st.none() | days),
        valid_from=starts,
        valid_to=starts + timedelta(days=draw(st.integers(0, 400))) if starts and draw(st.booleans()) else None,
        issued_at=draw(hours),
        destination_country=draw(st.sampled_from(["MY", "SG", None])),
        checkpoint_id=draw(st.sampled_from([BATAM, NUNUKAN, None])),
        p3mi_licence=draw(st.sampled_from([None, "SIP3MI-X100", "SIP3MI-X901", "SIP3MI-X902"])),
        p3mi_valid_to=draw(st.none() | days),
        sector=draw(st.sampled_from(["domestic_work", "plantation", None])),
        readiness=draw(st.sampled_from([ALL_PAPERS, Readiness(), Readiness(health=True)])),
    )
    place = draw(st.integers(0, 9))
    if place == 0:
        return record.model_copy(update={"block": None, "name_code": None, "birth_year": None})
    if place == 1 and record.passport_token:
        return record.model_copy(update={"block": weak(record.passport_token), "name_code": None})
    return record


@st.composite
def reports(draw: st.DrawFn) -> Any:
    """Somebody is looked for, with or without a birth date."""
    person = draw(people)
    record = report(person, case_id=f"case-{draw(st.integers(0, 2))}", at=draw(hours))
    if draw(st.booleans()):
        return record
    passport, nik = person.tokens()
    return record.model_copy(
        update={"block": None, "name_code": None, "passport_token": passport, "nik_token": nik, "birth_year": None}
    )


heartbeats = st.builds(Heartbeat, source=st.sampled_from(list(Source)), complete_up_to=hours)
facts = st.one_of(crossings(), crossings(), departures(), reports(), heartbeats)


@st.composite
def habits(draw: st.DrawFn) -> Any:
    """One person leaves and comes home again and again, and once or never arrives by ship; few are exceptions."""
    at, found = T0 - timedelta(days=60), []
    for number in range(draw(st.sampled_from([2, 5, 5, 6]))):
        leaves = number % 2 == 0
        at += timedelta(days=draw(st.sampled_from([0, 2, 3, 7, 8] if leaves else [12, 20, 31, 31, 11])))
        event = crossing(
            draw(st.sampled_from([*PEOPLE[:1] * 12, replace(PEOPLE[0], passport="XX8888888"), PEOPLE[3]])),
            at=at,
            event_id=f"h{number}",
            checkpoint_id=NUNUKAN,
            direction=draw(st.sampled_from([Direction.OUT if leaves else Direction.IN] * 12 + list(Direction))),
            purpose=draw(st.sampled_from([Purpose.TOURISM, Purpose.FAMILY, Purpose.WORK])),
        )
        found.append(event)
    if draw(st.booleans()):
        by_ship = {"direction": Direction.DOMESTIC, "from_place": draw(st.sampled_from(["ID-53-LSY", "ID-21-TUB"]))}
        hours = draw(st.sampled_from([1, 30, 72, 73]))
        found.append(found[-1].model_copy(update=by_ship | {"event_id": "h9", "occurred_at": at - hours * HOUR}))
    return found


CHANGES = (
    ("review_threshold: 50", "review_threshold: 25"),
    ("grace_hours: 72", "grace_hours: 200"),
    ("[LTSA, BP3MI, SISKOP2MI, G2G]", "[LTSA]"),
    ("slip_bits: 40", "slip_bits: 90"),
    ("within_days: 120", "within_days: 30"),
    ("new_days: 45", "new_days: 10"),
    ("R01: 25", "R01: 55"),
)
"""What versions of the policy change: each way in which one may matter."""


@cache
def policy_text(change: tuple[str, str], effective_from: datetime) -> str:
    """The shipped policy with one change, in force from a moment on."""
    text = shipped_text().replace("2025-07-02T00:00:00+08:00", effective_from.isoformat())
    assert change[0] in text
    return text.replace(*change)


@cache
def policy_digest(text: str) -> str:
    return load_policy(text).digest


@st.composite
def policies(draw: st.DrawFn) -> Any:
    """A version of the policy; few moments, so that two of them often begin at once."""
    effective_from = T0 + timedelta(days=draw(st.sampled_from([-40, -3, 0, 30])))
    text = policy_text(draw(st.sampled_from(CHANGES)), effective_from)
    return PolicyVersion(
        name="ntt",
        text=text,
        digest=policy_digest(text),
        author="Maria",
        activated_by="Yosef",
        effective_from=effective_from,
        activated_at=T0 + timedelta(days=draw(st.sampled_from([-50, 1]))),
    )


@st.composite
def suppressions(draw: st.DrawFn) -> Any:
    """An analyst speaks of a crossing, or of all under a number; the same id may say two things."""
    person, whole = draw(people), draw(st.booleans())
    passport, nik = person.tokens()
    about: dict[str, Any] = {"token": draw(st.sampled_from([t for t in (passport, nik) if t]))}
    if whole:
        place = draw(st.sampled_from([BATAM, NUNUKAN]))
        about = {"event_id": f"e{draw(st.integers(0, 5))}", "province": province_of(place), "block": person.block}
    return Suppression(
        suppression_id=f"s{draw(st.integers(0, 1))}",
        rules=draw(st.sampled_from([("R01",), ("R01", "R12", "R25"), ("R08", "R15", "R21", "R16")])),
        reason="a test",
        made_by="analyst",
        made_at=T0,
        until=draw(hours),
        **about,
    )


worlds = (
    st.lists(facts, min_size=1, max_size=6)
    | st.lists(facts, min_size=8, max_size=18)
    | st.tuples(habits(), st.lists(facts, max_size=3)).flatmap(lambda parts: st.permutations(parts[0] + parts[1]))
)
ruled_worlds = st.tuples(
    st.lists(policies(), min_size=1, max_size=3), st.lists(suppressions(), max_size=2), worlds
).flatmap(lambda parts: st.permutations(parts[0] + parts[1] + list(parts[2])))
"""Worlds in which the policy changes and findings are suppressed, before or after what they concern is known."""
all_worlds = worlds | ruled_worlds
