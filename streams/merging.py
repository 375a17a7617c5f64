"""What the published facts of one registration, and of one report, together tell the rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from schemas.records import CommunityReport, Departure, Readiness
from schemas.vocabulary import DepartureEvent, Quality
from streams.packing import NO_NAME, NOTHING, name_bytes, seal


@dataclass(slots=True, frozen=True, kw_only=True)
class Registration:
    """A legal departure as its known revisions together tell it; a later revision wins, unknown never hides known."""

    departure_id: str
    latest: Departure
    """All fields merged, the newest known value of each."""
    first_issued_at: datetime
    cancelled_at: datetime | None
    """Since when it is cancelled; None = in force."""
    passports: frozenset[bytes]
    niks: frozenset[bytes]
    names: tuple[int, ...]
    near_date: bool
    """Whether it lies in this block only because a slip of the hand would make this birth date of the worker's."""

    @property
    def tokens(self) -> frozenset[bytes]:
        """Seals of every document number it was ever registered under."""
        return self.passports | self.niks


@dataclass(slots=True, frozen=True, kw_only=True)
class Revision:
    """One published revision with the digest that breaks ties."""

    departure: Departure
    digest: bytes

    @property
    def order(self) -> tuple[int, datetime, bytes]:
        """Revisions of one number (a registry that does not count) are ordered by their time."""
        return self.departure.revision, self.departure.issued_at, self.digest


_FIELDS, _PAPERS = set(Departure.model_fields), set(Readiness.model_fields)
"""Which fields a record told is not asked here. A set of its own is half of what a departure takes in memory; a frozen
model never writes to it, and copies copy it."""
_set_fields = BaseModel.__dict__["__pydantic_fields_set__"].__set__


def revision_of(departure: Departure, digest: bytes) -> Revision:
    """A departure as it is remembered."""
    _set_fields(departure, _FIELDS)
    _set_fields(departure.readiness, _PAPERS)
    return Revision(departure=departure, digest=digest)


_MERGED = tuple(
    name
    for name in Departure.model_fields
    if name not in {"record", "schema_version", "departure_id", "revision", "event", "readiness", "block", "name_code"}
)


def registration_of(revisions: Iterable[Revision]) -> Registration:
    """Merge the known revisions of one departure; a function of their set."""
    ordered = sorted(revisions, key=lambda r: r.order)
    departures = [r.departure for r in ordered]
    newest = departures[-1]
    passports = frozenset(
        seal(t) for d in departures for t in (d.passport_token, *d.previous_passport_tokens) if t is not None
    )
    niks = frozenset(seal(d.nik_token) for d in departures if d.nik_token is not None)
    names = {int.from_bytes(name_bytes(d.name_code), "big") for d in departures if d.name_code and d.block}
    return Registration(
        departure_id=newest.departure_id,
        latest=newest if len(departures) == 1 else _merged(departures),
        first_issued_at=departures[0].issued_at,
        cancelled_at=newest.issued_at if newest.event is DepartureEvent.CANCELLED else None,
        passports=passports,
        niks=niks,
        names=tuple(sorted(names)),
        near_date=all(Quality.NEAR_BIRTH_DATE in d.identity_quality for d in departures if d.block),
    )


def _merged(departures: Sequence[Departure]) -> Departure:
    """The newest of several revisions, with the newest known value of each field."""
    newest = departures[-1]
    changes: dict[str, object] = {}
    for name in _MERGED:
        known = [v for d in departures if (v := getattr(d, name)) is not None]
        changes[name] = known[-1] if known else None
    papers: dict[str, bool] = {}
    for d in departures:
        papers |= {k: v for k, v in d.readiness if v is not None}
    return newest.model_copy(update=changes | {"readiness": newest.readiness.model_copy(update=papers)})


@dataclass(slots=True, frozen=True, kw_only=True)
class Report:
    """A community report as the rules see it."""

    report: CommunityReport
    digest: bytes
    passport: bytes
    nik: bytes
    """Seals of the document numbers it names; `NOTHING` = none."""
    name: bytes
    name_bits: int

    @property
    def key(self) -> tuple[str, bytes]:
        """What tells reports apart."""
        return self.report.case_id, self.digest

    @property
    def tokens(self) -> list[bytes]:
        """The document numbers it names."""
        return [t for t in (self.passport, self.nik) if t != NOTHING]


def report_of(fact: CommunityReport, digest: bytes) -> Report:
    """What the rules need of a report; names of two birth dates cannot be compared, so none counts without a block."""
    name = name_bytes(fact.name_code) if fact.block else NO_NAME
    return Report(
        report=fact,
        digest=digest,
        passport=seal(fact.passport_token),
        nik=seal(fact.nik_token),
        name=name,
        name_bits=int.from_bytes(name, "big"),
    )
