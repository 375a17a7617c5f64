"""Makes the facts that the benchmarks publish: travellers of a season, some of them registered."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from schemas.codec import encode
from schemas.identity import LinkageKey, TokenKind, block, name_code, token
from schemas.records import Departure, Document, Heartbeat, Readiness, TransitEvent
from schemas.topics import DEPARTURES, transit_topic
from schemas.vocabulary import DepartureEvent, Direction, DocumentType, Province, Purpose, Sex, Source

KEY = LinkageKey("bench", b"a bench key of thirty-two bytes..")
START = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = (
    (Province.KEPRI, "ID-21-BTC"),
    (Province.KEPRI, "ID-21-HBY"),
    (Province.KALTARA, "ID-65-NNT"),
    (Province.KALBAR, "ID-61-ETK"),
)
FIRST = ("MARIA", "YOHANES", "SITI", "PETRUS", "ANASTASIA", "YULIANA", "MARKUS", "KRISTINA", "DOMINGGUS", "AGUSTINA")
LAST = ("SERAN", "BERE", "NAHAK", "LEBA", "TAKENE", "TEFA", "BANO", "WEA", "DA SILVA", "FERNANDEZ", "BILI", "NGONGO")
PURPOSES = (Purpose.TOURISM, Purpose.FAMILY, Purpose.TRADE, Purpose.WORK, Purpose.RETURN_TO_WORK, Purpose.MEDICAL)
PAPERS = Readiness(certificate=True, opp=True, health=True, insurance=True, permission=True, visa=True)


@dataclass(frozen=True, slots=True)
class Message:
    """One record, ready to be produced."""

    topic: str
    key: bytes | None
    value: bytes


def travellers(count: int, *, seed: int = 1, prefix: str = "b", per_person: int = 3) -> Iterator[Message]:
    """Crossings of `count // per_person` people with a registration for one in twenty-five."""
    chance = random.Random(seed)
    people = max(1, count // per_person)
    for number in range(people):
        born = date(1965, 1, 1) + timedelta(days=chance.randrange(15_000))
        name = f"{chance.choice(FIRST)} {chance.choice(FIRST)} {chance.choice(LAST)}"
        passport = token(KEY, TokenKind.PASSPORT, f"XX{prefix}{number:07d}")
        nik = token(KEY, TokenKind.NIK, f"539999{number:010d}") if chance.random() < 0.8 else None
        at, code = block(KEY, born), name_code(KEY, born, name)
        sex = chance.choice((Sex.F, Sex.M))
        if number % 25 == 0:
            yield _registration(number, prefix, at, code, passport, nik, born, sex)
        for trip in range(per_person):
            province, place = chance.choice(PLACES)
            event = TransitEvent(
                event_id=f"{prefix}-{number}-{trip}",
                province=province,
                checkpoint_id=place,
                device_id="gate-1",
                sequence=number * per_person + trip,
                occurred_at=START + timedelta(minutes=chance.randrange(60 * 24 * 60)),
                direction=Direction.OUT if trip % 2 == 0 else Direction.IN,
                carrier="KM Contoh",
                service_no=f"CT {number % 40}",
                document=Document(type=DocumentType.PASSPORT, token=passport, issue_office="KANIM KUPANG", mrz_ok=True),
                nik_token=nik,
                name_code=code,
                block=at,
                birth_year=born.year,
                age_years=START.year - born.year,
                sex=sex,
                nationality="IDN",
                origin_region=chance.choice(("539999", "539999", "350199", None)),
                purpose=chance.choice(PURPOSES),
                destination_country="MY",
                key_id=KEY.kid,
            )
            yield Message(transit_topic(province), at.encode(), encode(event))


def _registration(
    number: int, prefix: str, at: str, code: str | None, passport: str | None, nik: str | None, born: date, sex: Sex
) -> Message:
    record = Departure(
        departure_id=f"{prefix}-d{number}",
        event=DepartureEvent.REGISTERED,
        source=Source.BP3MI,
        block=at,
        passport_token=passport,
        nik_token=nik,
        name_code=code,
        birth_year=born.year,
        sex=sex,
        origin_region="539999",
        destination_country="MY",
        valid_from=START.date(),
        readiness=PAPERS,
        issued_at=START - timedelta(days=20),
        key_id=KEY.kid,
    )
    return Message(DEPARTURES, at.encode(), encode(record))


def heartbeats(up_to: datetime) -> list[bytes]:
    """What every registry says; each goes to every partition."""
    return [encode(Heartbeat(source=source, complete_up_to=up_to)) for source in Source]
