"""The set of facts of one block, indexed by the person they may be about; grows only, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from schemas import reference
from schemas.identity import code_bits
from schemas.records import CommunityReport, Departure, TransitEvent
from schemas.vocabulary import DepartureEvent, Direction, DocumentType, OfficerAction, Purpose, Sex

_OFFSETS = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9}
"""Indonesia has had no summer time since 1950, so a fixed offset is exact and cheaper than a zone."""

STOPPED = frozenset({OfficerAction.REFUSED, OfficerAction.POSTPONED, OfficerAction.RETURNED})


@lru_cache(maxsize=1024)
def local_offset(checkpoint_id: str) -> timedelta:
    """How far the checkpoint's clocks are ahead of UTC."""
    checkpoint = reference.checkpoints().get(checkpoint_id)
    return timedelta(hours=_OFFSETS.get(checkpoint.tz, 7) if checkpoint else 7)


@dataclass(slots=True, frozen=True, kw_only=True)
class Crossing:
    """A transit event as the rules see it."""

    event: TransitEvent
    key: str
    """`<province>/<event_id>`: two provinces may use the same event_id."""
    digest: bytes
    at: datetime
    name_bits: int
    """0 = no name."""
    tokens: tuple[str, ...]
    """Document and NIK tokens, those that tie crossings to one person."""

    @property
    def local_date(self) -> date:
        """The calendar day at the checkpoint."""
        event = self.event
        moment: datetime = event.occurred_at - (event.occurred_at.utcoffset() or timedelta())
        return (moment + local_offset(event.checkpoint_id)).date()

    @property
    def is_deportation(self) -> bool:
        """Whether the traveller came home by an emergency document, by deportation, or sent back."""
        e = self.event
        return e.direction is Direction.IN and (
            e.document.type is DocumentType.SPLP
            or e.purpose is Purpose.DEPORTATION
            or e.officer_action is OfficerAction.RETURNED
        )

    @property
    def is_refusal(self) -> bool:
        """Whether an officer stopped the traveller on the way out."""
        return self.event.direction is not Direction.IN and self.event.officer_action in STOPPED


def crossing_of(event: TransitEvent, digest: bytes) -> Crossing:
    """What the rules need of a transit event."""
    token, nik = event.document.token, event.nik_token
    tokens = (token, nik) if token and nik and token != nik else (token or nik,) if token or nik else ()
    return Crossing(
        event=event,
        key=f"{event.province}/{event.event_id}",
        digest=digest,
        at=event.occurred_at,
        name_bits=code_bits(event.name_code) if event.name_code else 0,
        tokens=tuple(t for t in tokens if t),
    )


@dataclass(slots=True, frozen=True, kw_only=True)
class Registration:
    """A legal departure as its known revisions together tell it; a later revision wins, unknown never hides known."""

    departure_id: str
    latest: Departure
    """All fields merged, the newest known value of each."""
    first_issued_at: datetime
    cancelled_at: datetime | None
    """Since when it is cancelled; None = in force."""
    passports: frozenset[str]
    niks: frozenset[str]
    names: tuple[int, ...]

    @property
    def tokens(self) -> frozenset[str]:
        """Every document number it was ever registered under."""
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
    changes: dict[str, object] = {}
    for name in _MERGED:
        known = [v for d in departures if (v := getattr(d, name)) is not None]
        changes[name] = known[-1] if known else None
    papers: dict[str, bool] = {}
    for d in departures:
        papers |= {k: v for k, v in d.readiness if v is not None}
    return Registration(
        departure_id=newest.departure_id,
        latest=newest.model_copy(update=changes | {"readiness": newest.readiness.model_copy(update=papers)}),
        first_issued_at=departures[0].issued_at,
        cancelled_at=newest.issued_at if newest.event is DepartureEvent.CANCELLED else None,
        passports=frozenset(
            t for d in departures for t in (d.passport_token, *d.previous_passport_tokens) if t is not None
        ),
        niks=frozenset(d.nik_token for d in departures if d.nik_token is not None),
        names=tuple(sorted({code_bits(d.name_code) for d in departures if d.name_code and d.block})),
    )


@dataclass(slots=True, frozen=True, kw_only=True)
class Report:
    """A community report as the rules see it."""

    report: CommunityReport
    digest: bytes
    name_bits: int


class Dossier:
    """All facts of one block."""

    __slots__ = ("by_token", "crossings", "notable", "registrations", "reports", "revisions")

    def __init__(self) -> None:
        self.crossings: dict[str, Crossing] = {}
        self.by_token: dict[str, list[Crossing]] = {}
        self.notable: list[Crossing] = []
        """Deportations and refusals: few, and looked for by name too."""
        self.revisions: dict[str, dict[bytes, Revision]] = {}
        self.registrations: dict[str, Registration] = {}
        self.reports: dict[tuple[str, bytes], Report] = {}

    def __len__(self) -> int:
        return len(self.crossings) + sum(map(len, self.revisions.values())) + len(self.reports)

    def add_crossing(self, crossing: Crossing) -> None:
        """Take a crossing in; of two contents under one id the greater digest stands, whatever came first."""
        old = self.crossings.get(crossing.key)
        if old is not None:
            if old.digest >= crossing.digest:
                return
            self._forget(old)
        self.crossings[crossing.key] = crossing
        for token in crossing.tokens:
            self.by_token.setdefault(token, []).append(crossing)
        if crossing.is_deportation or crossing.is_refusal:
            self.notable.append(crossing)

    def _forget(self, crossing: Crossing) -> None:
        for token in crossing.tokens:
            self.by_token[token].remove(crossing)
        if crossing in self.notable:
            self.notable.remove(crossing)

    def add_revision(self, revision: Revision, elsewhere: Iterable[Revision] = ()) -> None:
        """Take a departure's revision in; `elsewhere`: its revisions that are known without a block."""
        key = revision.departure.departure_id
        self.revisions.setdefault(key, {})[revision.digest] = revision
        self.merge(key, elsewhere)

    def merge(self, departure_id: str, elsewhere: Iterable[Revision] = ()) -> None:
        """Make the registration anew from all known revisions."""
        here = self.revisions.get(departure_id, {})
        known = here | {r.digest: r for r in elsewhere}
        self.registrations[departure_id] = registration_of(known.values())

    def add_report(self, report: Report) -> None:
        """Take a community report in."""
        self.reports[report.report.case_id, report.digest] = report

    def sharing(self, crossing: Crossing) -> Iterator[Crossing]:
        """The other crossings under one of its document numbers, each once."""
        seen = {crossing.key}
        for token in crossing.tokens:
            for other in self.by_token.get(token, ()):
                if other.key not in seen:
                    seen.add(other.key)
                    yield other


def opposite_sex(a: Sex | None, b: Sex | None) -> bool:
    """Whether both are known and differ; X is not known."""
    return a is not None and b is not None and a is not b and Sex.X not in (a, b)
