"""Synthetic travellers for tests: builds facts from raw identities the way a publisher does, in a few words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.codec import encode
from schemas.identity import LinkageKey, TokenKind, block, name_code, token, weak_block
from schemas.records import CommunityReport, Departure, Document, Heartbeat, Readiness, TransitEvent
from schemas.reference import province_of
from schemas.vocabulary import DepartureEvent, Direction, DocumentType, Province, Purpose, Sex, Source
from streams.casebook import Admitted

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
T0 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BATAM, NUNUKAN, TARAKAN, SEKUPANG = "ID-21-BTC", "ID-65-NNT", "ID-65-MLD", "ID-21-SKP"
ALL_PAPERS = Readiness(certificate=True, opp=True, health=True, insurance=True, permission=True, visa=True)


@dataclass(frozen=True)
class Person:
    """A synthetic person; the NIK's kecamatan 539999 does not exist."""

    name: str = "MARIA GORETI SERAN"
    born: date = date(1998, 5, 17)
    sex: Sex = Sex.F
    passport: str | None = "XX1234567"
    nik: str | None = "5399995705989001"

    def tokens(self) -> tuple[str | None, str | None]:
        passport = token(KEY, TokenKind.PASSPORT, self.passport) if self.passport else None
        return passport, token(KEY, TokenKind.NIK, self.nik) if self.nik else None

    @property
    def block(self) -> str:
        return block(KEY, self.born)

    @property
    def code(self) -> str | None:
        return name_code(KEY, self.born, self.name)


MARIA = Person()


def crossing(person: Person = MARIA, *, at: datetime = T0, event_id: str = "e1", **changes: Any) -> TransitEvent:
    """A worker of NTT leaves from Batam Centre for Malaysia, unless said otherwise."""
    passport, nik = person.tokens()
    document = Document(type=DocumentType.PASSPORT if passport else DocumentType.NONE, token=passport)
    checkpoint = changes.pop("checkpoint_id", BATAM)
    fields: dict[str, Any] = {
        "event_id": event_id,
        "province": province_of(checkpoint) or Province.KEPRI,
        "checkpoint_id": checkpoint,
        "occurred_at": at,
        "direction": Direction.OUT,
        "document": document,
        "nik_token": nik,
        "name_code": person.code,
        "block": person.block,
        "birth_year": person.born.year,
        "nik_birth_year": person.born.year if nik else None,
        "age_years": (at.date() - person.born).days // 365,
        "sex": person.sex,
        "nationality": "IDN",
        "origin_region": person.nik[:6] if person.nik else None,
        "purpose": Purpose.WORK,
        "destination_country": "MY",
        "key_id": KEY.kid,
    }
    return TransitEvent(**(fields | changes))


def departure(person: Person = MARIA, *, departure_id: str = "d1", **changes: Any) -> Departure:
    """A complete registration, issued a month before, for leaving from Batam to Malaysia on the day of T0."""
    passport, nik = person.tokens()
    fields: dict[str, Any] = {
        "departure_id": departure_id,
        "revision": 1,
        "event": DepartureEvent.REGISTERED,
        "source": Source.BP3MI,
        "block": person.block,
        "passport_token": passport,
        "nik_token": nik,
        "name_code": person.code,
        "birth_year": person.born.year,
        "sex": person.sex,
        "origin_region": "530199",
        "sector": "plantation",
        "employer_type": "corporate",
        "destination_country": "MY",
        "planned_date": T0.date(),
        "checkpoint_id": BATAM,
        "readiness": ALL_PAPERS,
        "issued_at": T0 - timedelta(days=30),
        "key_id": KEY.kid,
    }
    return Departure(**(fields | changes))


def report(person: Person = MARIA, *, case_id: str = "case-1", at: datetime = T0, **changes: Any) -> CommunityReport:
    """A community report that knows the name and the birth date."""
    fields: dict[str, Any] = {
        "case_id": case_id,
        "reported_at": at,
        "block": person.block,
        "name_code": person.code,
        "birth_year": person.born.year,
        "sex": person.sex,
        "key_id": KEY.kid,
    }
    return CommunityReport(**(fields | changes))


def heartbeats(up_to: datetime = T0 + timedelta(days=30)) -> list[Heartbeat]:
    """Every registry has reported up to then."""
    return [Heartbeat(source=source, complete_up_to=up_to) for source in Source]


def passport_of(person: Person, **fields: Any) -> Document:
    """The person's passport with an office or dates."""
    return Document(type=DocumentType.PASSPORT, token=person.tokens()[0], **fields)


def weak(value: str) -> str:
    """The block of a record without a birth date."""
    return weak_block(KEY, value)


def admitted(*facts: Any) -> list[Admitted]:
    """The facts with the digests of their bytes."""
    return [Admitted(fact, hashlib.blake2b(encode(fact), digest_size=8).digest()) for fact in facts]
