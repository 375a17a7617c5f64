"""Everything that one rule may look at: a crossing, what is known of its traveller, and the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas import reference
from schemas.verdicts import Finding
from schemas.vocabulary import Direction, DocumentType
from streams.dossier import Crossing, Report
from streams.matching import Match, is_foreign
from streams.policy import Policy

MAX_EVIDENCE = 20
"""Facts named by one finding; the sentence says how many there are in all."""


@dataclass(slots=True, kw_only=True)
class Case:
    """The question that the rules answer.

    Not frozen, and worked out at once rather than on demand: one is made for every verdict, and a frozen dataclass
    or a cached property would cost more than the rest of it.
    """

    crossing: Crossing
    match: Match
    sharing: tuple[Crossing, ...]
    """Other crossings under one of the traveller's document numbers."""
    notable: tuple[Crossing, ...]
    """Deportations and refusals in the block, of whomever."""
    reports: tuple[Report, ...]
    watermark: datetime | None
    """Up to here every required registry has reported; None = one has never spoken."""
    policy: Policy
    foreign: bool = field(init=False)
    """Whether the traveller is a foreign national."""
    leaving: bool = field(init=False)
    """Whether an Indonesian leaves the country."""
    origin_province: str | None = field(init=False)
    """Kemendagri province code of first registration: by NIK, else by registration, else by passport office."""
    from_scope: bool = field(init=False)
    """Whether the traveller comes from a province that the policy looks after."""
    in_scope: bool = field(init=False)
    """Whether the policy expects a registration."""
    absence_confirmed: bool = field(init=False)
    """Whether every registry that must report has reported past the crossing plus the grace."""

    def __post_init__(self) -> None:
        event, scope = self.crossing.event, self.policy.scope
        self.foreign = is_foreign(self.crossing)
        self.leaving = event.direction is Direction.OUT and not self.foreign
        self.origin_province = origin_province(self.crossing, self.match)
        self.from_scope = self.origin_province in scope.origin_provinces
        self.in_scope = (
            self.leaving
            and self.from_scope
            and event.purpose in scope.purpose_set
            and event.document.type not in scope.exempt_documents
        )
        self.absence_confirmed = self.watermark is not None and self.watermark >= self.crossing.at + self.policy.grace


def origin_province(crossing: Crossing, match: Match) -> str | None:
    """Where the traveller was first registered, two digits; None = unknown."""
    event = crossing.event
    if event.origin_region:
        return event.origin_region[:2]
    found = match.covering or match.late or match.lapsed
    if found is not None and found.registration.latest.origin_region:
        return found.registration.latest.origin_region[:2]
    if event.document.issue_office and event.document.type is DocumentType.PASSPORT:
        office = reference.office_region(event.document.issue_office)
        return office[:2] if office else None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What a finding says and what would clear it, in both languages."""

    id: str
    en: str
    clears_id: str
    clears_en: str


RuleFunction = Callable[[Case], Finding | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One registered rule."""

    id: str
    version: int
    weight_keys: tuple[str, ...]
    judge: RuleFunction

    @property
    def summary(self) -> str:
        """First line of the rule's docstring."""
        return (self.judge.__doc__ or "").strip().splitlines()[0]


CATALOGUE: list[Rule] = []
"""Every rule in the order of its registration; filled by importing `streams.rules`."""


def rule(*weight_keys: str, version: int = 1) -> Callable[[RuleFunction], RuleFunction]:
    """Register a rule under the id of its first weight key (`R10.minor` → `R10`)."""

    def register(judge: RuleFunction) -> RuleFunction:
        rule_id = weight_keys[0].partition(".")[0]
        CATALOGUE.append(Rule(id=rule_id, version=version, weight_keys=weight_keys, judge=judge))
        return judge

    return register


def finding(case: Case, weight_key: str, evidence: Iterable[str], says: Sentence, *, version: int = 1) -> Finding:
    """A finding with its weight from the policy; the evidence is sorted and capped, the crossing itself comes first."""
    others = sorted(set(evidence))
    return Finding(
        rule=weight_key.partition(".")[0],
        version=version,
        weight=case.policy.weight(weight_key),
        evidence=(f"event:{case.crossing.key}", *others[:MAX_EVIDENCE]),
        sentence_id=says.id,
        sentence_en=says.en,
        clears_id=says.clears_id,
        clears_en=says.clears_en,
    )


def event_ref(crossing: Crossing) -> str:
    """How a finding names a crossing."""
    return f"event:{crossing.key}"


def departure_ref(departure_id: str) -> str:
    """How a finding names a registration."""
    return f"departure:{departure_id}"


def place_name(checkpoint_id: str | None) -> str:
    """The checkpoint's name for a sentence."""
    checkpoint = reference.checkpoints().get(checkpoint_id or "")
    return checkpoint.name if checkpoint else (checkpoint_id or "?")


def days_between(earlier: datetime, later: datetime) -> int:
    """Whole days, rounded down."""
    return (later - earlier) // timedelta(days=1)
