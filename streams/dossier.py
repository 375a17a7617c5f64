"""What is known in one block besides its crossings' rows: registrations, reports, and who is near in name."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from schemas.records import CommunityReport, Departure
from schemas.vocabulary import DepartureEvent, Quality, Sex
from streams.nearness import Names
from streams.packing import (
    NAME,
    NAME_BYTES,
    NO_NAME,
    NOTABLE,
    NOTHING,
    marks_of,
    name_bytes,
    number_of,
    seal,
    tokens_of,
)
from streams.policy import Matching

MANY_CROSSINGS = 128
"""From here on the names of a block's crossings are kept sorted for search; most blocks never hold so many."""
MANY = 8
"""The same for registrations, reports and notable crossings, which every new crossing is compared with."""

T = TypeVar("T")


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
    tokens: frozenset[bytes]
    """Seals of every document number it was ever registered under."""
    names: tuple[int, ...]
    near_date: bool
    """Whether it lies in this block only because a slip of the hand would make this birth date of the worker's."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Revision:
    """One published revision with the digest that breaks ties."""

    departure: Departure
    digest: bytes

    @property
    def order(self) -> tuple[int, datetime, bytes]:
        """Revisions of one number (a registry that does not count) are ordered by their time."""
        return self.departure.revision, self.departure.issued_at, self.digest


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
        tokens=passports | niks,
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


class Lookup(dict[bytes, list[T]]):
    """What stands under a document number and under a name, of a kind that a block may hold many of."""

    __slots__ = ("names",)

    def __init__(self) -> None:
        super().__init__()
        self.names: Names[T] = Names()

    def add(self, value: T, tokens: Iterable[bytes], names: Iterable[bytes]) -> None:
        """Put a value in; one that is put in again under more is found under all."""
        for token in tokens:
            self.setdefault(token, []).append(value)
        for name in names:
            self.names.add(name, value)

    def under(self, tokens: Iterable[bytes]) -> Iterator[T]:
        """What stands under any of the document numbers."""
        for token in tokens:
            yield from self.get(token, ())


class Dossier:
    """One block: the numbers of its crossings' rows, its registrations and its reports.

    What most blocks do not have costs nothing: a lane holds up to a hundred thousand blocks.
    """

    __slots__ = (
        "_crossings_by_name", "_notable", "_notable_lookup", "_registration_lookup", "_report_lookup", "block",
        "numbers", "registrations", "reports", "revisions", "salt",
    )  # fmt: skip

    def __init__(self, block: str) -> None:
        self.block = block
        self.salt = hash(block)
        """Tells its crossings' keys from those of other blocks."""
        self.numbers = array("I")
        """Rows of the crossings, in the lane's list."""
        self.revisions: dict[str, dict[bytes, Revision]] | None = None
        self.registrations: dict[str, Registration] | None = None
        self.reports: dict[tuple[str, bytes], Report] | None = None
        self._notable: list[int] | None = None
        self._crossings_by_name: Names[int] | None = None
        self._notable_lookup: Lookup[int] | None = None
        self._registration_lookup: Lookup[str] | None = None
        self._report_lookup: Lookup[Report] | None = None

    # ------------------------------------------------------------------------------------------ taking facts in

    def add_crossing(self, row: bytes, *, replaced: bool) -> None:
        """Take a crossing in, or its new content; what an index knew of the old one is checked by whoever asks."""
        number = number_of(row)
        if not replaced:
            self.numbers.append(number)
        if self._crossings_by_name is not None:
            self._crossings_by_name.add(row[NAME], number)
        if marks_of(row) & NOTABLE:
            if self._notable is None:
                self._notable = []
            self._notable.append(number)
            if self._notable_lookup is not None:
                self._notable_lookup.add(number, tokens_of(row), (row[NAME],))

    def add_revision(self, revision: Revision, elsewhere: Iterable[Revision] = ()) -> None:
        """Take a departure's revision in; `elsewhere`: its revisions that are known without a block."""
        key = revision.departure.departure_id
        if self.revisions is None:
            self.revisions = {}
        self.revisions.setdefault(key, {})[revision.digest] = revision
        self.merge(key, elsewhere)

    def revisions_of(self, departure_id: str) -> dict[bytes, Revision]:
        """The revisions of a departure that came under this block."""
        return self.revisions.get(departure_id, {}) if self.revisions else {}

    def merge(self, departure_id: str, elsewhere: Iterable[Revision] = ()) -> None:
        """Make the registration anew from all known revisions; tokens and names only ever grow by it."""
        known = self.revisions_of(departure_id) | {r.digest: r for r in elsewhere}
        if self.registrations is None:
            self.registrations = {}
        before = self.registrations.get(departure_id)
        after = self.registrations[departure_id] = registration_of(known.values())
        if self._registration_lookup is not None:
            _enter(self._registration_lookup, after, before)

    def add_report(self, report: Report) -> None:
        """Take a community report in."""
        if self.reports is None:
            self.reports = {}
        self.reports[report.key] = report
        if self._report_lookup is not None:
            self._report_lookup.add(report, report.tokens, (report.name,))

    # ------------------------------------------------------------------------------------------ who may be meant

    def registrations_for(self, row: bytes, rule: Matching) -> Collection[Registration]:
        """Those under one of the crossing's numbers or near in name, and of few all."""
        known = self.registrations
        if not known:
            return ()
        if len(known) <= MANY:
            return known.values()
        lookup = self._registration_lookup
        if lookup is None:
            lookup = self._registration_lookup = Lookup()
            for registration in known.values():
                _enter(lookup, registration, None)
        keys = {*lookup.under(tokens_of(row)), *lookup.names.near(row[NAME], rule)}
        return [known[key] for key in keys]

    def notable_for(self, row: bytes, rows: Sequence[bytes], rule: Matching) -> Iterable[int]:
        """Deportations and refusals under one of the crossing's numbers or near in name, and of few all."""
        known = self._notable
        if not known:
            return ()
        if len(known) <= MANY:
            return known
        lookup = self._notable_lookup
        if lookup is None:
            lookup = self._notable_lookup = Lookup()
            for number in known:
                lookup.add(number, tokens_of(rows[number]), (rows[number][NAME],))
        return {*lookup.under(tokens_of(row)), *lookup.names.near(row[NAME], rule)}

    def reports_for(self, row: bytes, rule: Matching) -> Iterable[Report]:
        """Reports that name one of the crossing's numbers or a like name, and of few all."""
        known = self.reports
        if not known:
            return ()
        if len(known) <= MANY:
            return known.values()
        lookup = self._report_lookup
        if lookup is None:
            lookup = self._report_lookup = Lookup()
            for report in known.values():
                lookup.add(report, report.tokens, (report.name,))
        found = [*lookup.under(tokens_of(row)), *lookup.names.alike(row[NAME], rule.report_dice)]
        return {report.key: report for report in found}.values()

    def crossings_near(self, names: Iterable[bytes], rows: Sequence[bytes], rule: Matching) -> Iterable[int]:
        """Crossings near in name, and of few all."""
        by_name = self._names(rows)
        return self.numbers if by_name is None else {n for name in names for n in by_name.near(name, rule)}

    def crossings_alike(self, name: bytes, rows: Sequence[bytes], rule: Matching) -> Iterable[int]:
        """Crossings whose name a report of that name may mean, and of few all."""
        by_name = self._names(rows)
        return self.numbers if by_name is None else by_name.alike(name, rule.report_dice)

    def _names(self, rows: Sequence[bytes]) -> Names[int] | None:
        if self._crossings_by_name is None and len(self.numbers) > MANY_CROSSINGS:
            self._crossings_by_name = Names()
            for number in self.numbers:
                self._crossings_by_name.add(rows[number][NAME], number)
        return self._crossings_by_name


def _enter(lookup: Lookup[str], registration: Registration, before: Registration | None) -> None:
    """Put into the lookup what a registration is found under and was not before."""
    tokens = registration.tokens - before.tokens if before else registration.tokens
    names = [n for n in registration.names if before is None or n not in before.names]
    lookup.add(registration.departure_id, tokens, [n.to_bytes(NAME_BYTES, "big") for n in names])


def opposite_sex(a: Sex | None, b: Sex | None) -> bool:
    """Whether both are known and differ; X is not known."""
    return a is not None and b is not None and a is not b and Sex.X not in (a, b)
