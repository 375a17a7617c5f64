"""Facts without end for the cluster tests: made from a seed, in a corner of the domain that is simple to state.

Names are equal or strangers'; ages and NIKs fit; every registration stands in one block under one name, and its
revisions have numbers of their own. In that corner everything happens: late, amended and cancelled registrations, new
passports, borrowed ones, namesakes, deportations, refusals, moratoria and reports.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from schemas.codec import encode
from schemas.identity import TokenKind, block, name_code, token
from schemas.records import CommunityReport, Departure, Document, Heartbeat, Readiness, Record, TransitEvent
from schemas.reference import province_of
from schemas.vocabulary import DepartureEvent, Direction, DocumentType, OfficerAction, Purpose, Sector, Sex, Source
from tests.people import ALL_PAPERS, BATAM, KEY, NUNUKAN, SEKUPANG, T0, TARAKAN

ENTIKONG = "ID-61-ETK"
POSTS = (BATAM, BATAM, SEKUPANG, NUNUKAN, TARAKAN, ENTIKONG)
NAMES = (
    "MARIA GORETI SERAN",
    "YOHANES BERE NAHAK",
    "FLORENTINA WULANG HOKENG",
    "DOMINIKUS TUKAN KEDANG",
    "PETRONELA LIPAT OPAT",
    "ZAKARIAS MBUIK FOENAY",
    "HUBERTUS JEHADU GANDUT",
    "KATARINA ABU RUME",
)
DAYS = 60
"""Crossings happen so long after T0, and registries have reported about half of them in the end."""
REPORTED_DAYS = 34

Sent = tuple[str, bytes | None, bytes, int | None]
"""Topic, key, value, and the partition where the key does not choose it."""


@dataclass(frozen=True, slots=True)
class Traveller:
    """A person, worked out once: name codes are dear."""

    number: int
    born: date
    block: str
    name: str
    sex: Sex
    nik: str | None
    passports: tuple[str, ...]
    origin: str | None


def traveller(number: int, chance: random.Random, born: date, namesakes: float = 0.35) -> Traveller:
    """A person; some share name and birth date with another, in whatever world they live."""

    def passport(count: int) -> str:
        return str(token(KEY, TokenKind.PASSPORT, f"XX{number:06d}{count}"))

    nik = token(KEY, TokenKind.NIK, f"539999010190{number:04d}"[:16].ljust(16, "0") + f"{number}")
    return Traveller(
        number=number,
        born=born,
        block=block(KEY, born),
        name=str(name_code(KEY, born, NAMES[0] if chance.random() < namesakes else chance.choice(NAMES))),
        sex=chance.choice([Sex.F, Sex.F, Sex.M]),
        nik=nik if chance.random() < 0.7 else None,
        passports=tuple(passport(count) for count in range(chance.choice([1, 1, 2]))),
        origin=chance.choice(["530199", "530599", "530599", "320199", None]),
    )


class Facts:
    """Everything that happens to some travellers, in no order."""

    def __init__(self, chance: random.Random, *, partitions: int) -> None:
        self.chance, self.partitions = chance, partitions
        self._events = self._departures = self._cases = 0
        self._known: set[tuple[str, str]] = set()

    # -------------------------------------------------------------------------------------- worlds

    def world(self, count: int, *, a_block: int = 3, each: int = 10) -> list[Sent]:
        """About so many facts about travellers of whom a few share a birth date; heartbeats among them."""
        people: list[Traveller] = []
        facts: list[Sent] = []
        while len(facts) < count:
            born = date(1970, 1, 1) + timedelta(days=len(people) // a_block)
            mates = [traveller(len(people) + n, self.chance, born) for n in range(a_block)]
            people += mates
            for person in mates:
                for _ in range(self.chance.randint(1, 2 * each - 1)):
                    facts += self.something(person, mates)
        return facts[:count] + self.heartbeats()

    def something(self, person: Traveller, mates: list[Traveller]) -> list[Sent]:
        luck = self.chance.random()
        if luck < 0.72:
            return [sent(self.crossing(person, mates))]
        if luck < 0.99:
            return [sent(revision) for revision in self.registration(person)]
        return self.report(person)

    def heartbeats(self) -> list[Sent]:
        """Every registry reports now and then; the last of them is up to `REPORTED_DAYS`."""
        found: list[Sent] = []
        for source in Source:
            last = REPORTED_DAYS if source is Source.LTSA else DAYS
            for days in (0, *self.chance.sample(range(1, last), 2), last):
                beat = encode(Heartbeat(source=source, complete_up_to=T0 + timedelta(days=days)))
                found += [("departures", None, beat, lane) for lane in range(self.partitions)]
        return found

    # -------------------------------------------------------------------------------------- one fact

    def moment(self) -> datetime:
        return T0 + timedelta(minutes=self.chance.randrange(DAYS * 24 * 60))

    def crossing(self, person: Traveller, mates: list[Traveller]) -> TransitEvent:
        chance, post, at = self.chance, self.chance.choice(POSTS), self.moment()
        province = str(province_of(post))
        return TransitEvent(
            event_id=self.event_id(province),
            province=province,
            checkpoint_id=post,
            occurred_at=at,
            direction=chance.choice([Direction.OUT] * 8 + [Direction.IN, Direction.DOMESTIC]),
            document=self.document(person, mates, at),
            nik_token=person.nik if chance.random() < 0.7 else None,
            name_code=person.name,
            block=person.block,
            birth_year=person.born.year,
            nik_birth_year=None,
            age_years=at.year - person.born.year,
            sex=person.sex if chance.random() < 0.9 else None,
            nationality=chance.choice(["IDN"] * 12 + [None, "MYS"]),
            origin_region=person.origin if chance.random() < 0.8 else None,
            purpose=chance.choice([Purpose.WORK] * 6 + [Purpose.RETURN_TO_WORK, Purpose.FAMILY, None, Purpose.OTHER]),
            destination_country=chance.choice(["MY"] * 8 + ["SG", None]),
            officer_action=chance.choice([None] * 20 + list(OfficerAction)),
            key_id=KEY.kid,
        )

    def event_id(self, province: str) -> str:
        """Now and then the id of another province's event: ids are only a province's own."""
        name = f"e{self._events}"
        if self.chance.random() > 0.1 or (province, name) in self._known:
            self._events += 1
            name = f"e{self._events}"
        self._known.add((province, name))
        return name

    def document(self, person: Traveller, mates: list[Traveller], at: datetime) -> Document:
        chance, luck = self.chance, self.chance.random()
        if luck < 0.04:
            return Document(type=DocumentType.NONE)
        if luck < 0.08:
            return Document(type=DocumentType.SPLP, token=token(KEY, TokenKind.SPLP, f"S{person.number}"))
        if luck < 0.12:
            return Document(type=DocumentType.PLB, token=token(KEY, TokenKind.PLB, f"P{person.number}"))
        shown = person if luck < 0.95 else chance.choice(mates)
        return Document(
            type=DocumentType.PASSPORT,
            token=chance.choice(shown.passports),
            issue_office=chance.choice([None, None, "KANIM KUPANG", "PAREPARE", "BLITAR"]),
            issued_on=at.date() - timedelta(days=chance.randrange(-2, 120)) if chance.random() < 0.4 else None,
        )

    def registration(self, person: Traveller) -> list[Departure]:
        """One registration with its revisions; the first may be missing, or issued after the crossing."""
        chance, self._departures = self.chance, self._departures + 1
        issued = T0 + timedelta(hours=chance.randrange(-60 * 24, DAYS * 24))
        events = [DepartureEvent.REGISTERED]
        while chance.random() < 0.5 and len(events) < 4:
            events.append(chance.choice([DepartureEvent.AMENDED, DepartureEvent.AMENDED, DepartureEvent.CANCELLED]))
        revisions = []
        for number, event in enumerate(events, start=1):
            revisions.append(self.revision(person, f"d{self._departures}", number, event, issued))
            issued += timedelta(hours=chance.randrange(1, 20 * 24))
        return revisions if chance.random() < 0.9 else revisions[1:] or revisions

    def revision(
        self, person: Traveller, departure_id: str, number: int, event: DepartureEvent, issued: datetime
    ) -> Departure:
        chance = self.chance
        starts = chance.choice([None, None, issued.date() + timedelta(days=chance.randrange(60))])
        shown = person.passports[: chance.randint(0, len(person.passports))]
        return Departure(
            departure_id=departure_id,
            revision=number,
            event=event,
            source=chance.choice(list(Source)),
            block=person.block,
            passport_token=shown[-1] if shown else None,
            previous_passport_tokens=shown[:-1],
            nik_token=person.nik if chance.random() < 0.6 else None,
            name_code=person.name,
            birth_year=person.born.year,
            sex=person.sex if chance.random() < 0.9 else None,
            origin_region=chance.choice(["530199", "530199", "530599", None]),
            sector=chance.choice([Sector.PLANTATION, Sector.PLANTATION, Sector.DOMESTIC_WORK, None]),
            destination_country=chance.choice(["MY", "MY", "MY", "MY", "SG", None]),
            planned_date=chance.choice([None, issued.date() + timedelta(days=chance.randrange(1, 60))]),
            valid_from=starts,
            valid_to=starts + timedelta(days=chance.randrange(5, 90)) if starts and chance.random() < 0.7 else None,
            checkpoint_id=chance.choice([None, BATAM, BATAM, NUNUKAN]),
            readiness=chance.choice(
                [ALL_PAPERS] * 6 + [Readiness(), Readiness(health=True, opp=False), Readiness(certificate=True)]
            ),
            issued_at=issued,
            key_id=KEY.kid,
        )

    def report(self, person: Traveller) -> list[Sent]:
        """Somebody is looked for; one without a birth date goes to every partition."""
        chance, self._cases = self.chance, self._cases + 1
        wide = chance.random() < 0.3
        found = CommunityReport(
            case_id=f"case-{self._cases}",
            reported_at=self.moment(),
            block=None if wide else person.block,
            passport_token=person.passports[-1] if wide or chance.random() < 0.3 else None,
            nik_token=person.nik if chance.random() < 0.5 else None,
            name_code=None if wide else person.name,
            sex=person.sex,
            key_id=KEY.kid,
        )
        if not wide:
            return [sent(found)]
        return [("reports", None, encode(found), lane) for lane in range(self.partitions)]


def sent(fact: Record) -> Sent:
    """A fact as it stands in its topic under its block."""
    value: Any = fact
    topic = {"departure": "departures", "community_report": "reports"}.get(value.record, "")
    return topic or f"transit.{value.province.value}", value.block.encode(), encode(fact), None


def arrivals(facts: list[Sent], chance: random.Random, *, again: float = 0.1) -> list[Sent]:
    """The facts as they arrive: in no order, some twice."""
    found = facts + chance.sample(facts, int(len(facts) * again))
    chance.shuffle(found)
    return found
