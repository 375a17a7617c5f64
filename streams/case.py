"""Everything that one rule may look at: a crossing, what is known of its traveller, and the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntFlag, auto
from functools import lru_cache

from schemas import reference
from schemas.records import Suppression
from schemas.verdicts import Finding
from schemas.vocabulary import Direction, DocumentType
from streams.crossing import DAY_US, Crossing
from streams.dossier import Report
from streams.matching import NO_MATCH, Match
from streams.packing import DOMESTIC, INWARD, NAME, at_us, direction_of
from streams.policy import Policy, Terms

MAX_EVIDENCE = 20
"""Facts named by one finding; the sentence says how many there are in all."""


class When(IntFlag):
    """What a crossing must have about it before a rule needs to be asked; cheap to know of every crossing."""

    LEAVING = auto()
    """An Indonesian leaves the country."""
    IN_SCOPE = auto()
    """The policy expects a registration."""
    ABSENCE_CONFIRMED = auto()
    """Every registry that must report has reported past the crossing plus the grace."""
    COVERED = auto()
    """A registration covers the crossing."""
    UNCOVERED = auto()
    LATE = auto()
    """A registration was first issued after the crossing."""
    AMBIGUOUS = auto()
    """Registrations of different people are all near in name."""
    SEEN_WITHIN_A_DAY = auto()
    """One of the document numbers stands on another crossing less than a day away."""
    OTHER_NAME = auto()
    """One of the document numbers stands on a crossing or a registration under another name code."""
    NOTABLE = auto()
    """Somebody who may be the traveller was deported or stopped."""
    REPORTED = auto()
    """There is a community report that may mean the traveller."""
    DATED_PASSPORT = auto()
    """A passport whose date of issue is known."""
    AGE_IN_QUESTION = auto()
    """Under the minimum age, or another source gives a birth year too."""
    CAME_BACK = auto()
    """One of the document numbers came home from abroad before."""
    CAME_BY = auto()
    """One of the document numbers arrived from elsewhere in the country before."""
    REMARKED = auto()
    """The publisher noticed something about the identity."""


# plain integers: an IntFlag costs a microsecond for each `|`
_LEAVING, _IN_SCOPE, _ABSENCE = int(When.LEAVING), int(When.IN_SCOPE), int(When.ABSENCE_CONFIRMED)
_COVERED, _UNCOVERED, _LATE = int(When.COVERED), int(When.UNCOVERED), int(When.LATE)
_AMBIGUOUS, _DAY, _OTHER_NAME = int(When.AMBIGUOUS), int(When.SEEN_WITHIN_A_DAY), int(When.OTHER_NAME)
_NOTABLE, _REPORTED, _DATED = int(When.NOTABLE), int(When.REPORTED), int(When.DATED_PASSPORT)
_AGE, _REMARKED = int(When.AGE_IN_QUESTION), int(When.REMARKED)
_CAME = {INWARD: int(When.CAME_BACK), DOMESTIC: int(When.CAME_BY)}
_NONE = When(0)
_OUT, _PASSPORT = Direction.OUT, DocumentType.PASSPORT  # a member of an Enum takes three times as long to find


class Case:
    """The question that the rules answer.

    Not a dataclass, and worked out at once rather than on demand: one is made for every verdict, and a frozen dataclass
    or a cached property would cost more than the rest of it.
    """

    __slots__ = (
        "_others", "_sharing", "absence_confirmed", "crossing", "from_scope", "in_scope", "leaving", "match", "notable",
        "origin_province", "policy", "reports", "suppressions", "when",
    )  # fmt: skip

    def __init__(
        self,
        *,
        crossing: Crossing,
        match: Match,
        others: Sequence[bytes],
        notable: Sequence[Crossing],
        reports: Sequence[Report],
        watermark_us: int | None,
        policy: Policy,
        suppressions: Sequence[Suppression] = (),
    ) -> None:
        self.suppressions = suppressions
        """What analysts said of the traveller or of this crossing, whether or not it still holds."""
        self.crossing, self.match, self.policy = crossing, match, policy
        self._others = others
        self._sharing: Sequence[Crossing] | None = None
        self.notable: Sequence[Crossing] = notable
        """Deportations and refusals in the block: all that may be the traveller's, and others."""
        self.reports: Sequence[Report] = reports
        """All that may mean the traveller, and others."""
        terms = policy.terms
        self.leaving: bool = crossing.direction is _OUT and not crossing.foreign
        """Whether an Indonesian leaves the country."""
        region = crossing.origin_region
        self.origin_province: str | None = region[:2] if region else origin_province(crossing, match)
        """Kemendagri province code of first registration: by NIK, else by registration, else by passport office."""
        self.from_scope: bool = self.origin_province in terms.origin_provinces
        """Whether the traveller comes from a province that the policy looks after."""
        self.in_scope: bool = (
            self.leaving
            and self.from_scope
            and crossing.purpose in terms.purposes
            and crossing.document_type not in terms.exempt_documents
        )
        """Whether the policy expects a registration."""
        self.absence_confirmed: bool = watermark_us is not None and watermark_us >= crossing.at_us + terms.grace_us
        """Up to the crossing plus the grace, every required registry has reported."""
        self.when: int = self._of_traveller(terms) | (_UNCOVERED if match is NO_MATCH else _of_match(match))
        if len(others) > 1 or (others and others[0] is not crossing.row):
            self.when |= _of_others(crossing.row, others)
        """The flags of `When` that hold."""

    @property
    def sharing(self) -> Sequence[Crossing]:
        """Other crossings under one of the traveller's document numbers."""
        if self._sharing is None:
            here, block = self.crossing.row, self.crossing.block
            self._sharing = [Crossing(row, block) for row in self._others if row is not here]
        return self._sharing

    def _of_traveller(self, terms: Terms) -> int:
        crossing, when = self.crossing, 0
        if self.leaving:
            when = _LEAVING | _IN_SCOPE if self.in_scope else _LEAVING
        if self.absence_confirmed:
            when |= _ABSENCE
        if self.notable:
            when |= _NOTABLE
        if self.reports:
            when |= _REPORTED
        if crossing.issued_on is not None and crossing.document_type is _PASSPORT:
            when |= _DATED
        age, by_nik = crossing.age_years, crossing.nik_birth_year
        if age is not None and age < terms.minimum_age_years:
            when |= _AGE
        if by_nik is not None and by_nik != crossing.birth_year:
            when |= _AGE
        if crossing.identity_quality:
            when |= _REMARKED
        return when


def _of_match(match: Match) -> int:
    when = _UNCOVERED if match.covering is None else _COVERED | _AGE
    if match.late is not None:
        when |= _LATE | _AGE
    if match.ambiguous:
        when |= _AMBIGUOUS
    if match.shared:
        when |= _OTHER_NAME
    return when


def _of_others(here: bytes, others: Sequence[bytes]) -> int:
    when, name, at = 0, here[NAME], at_us(here)
    for other in others:
        if other is not here:
            later = at_us(other) - at
            if later < 0:
                when |= _CAME.get(direction_of(other), 0)
            if other[NAME] != name:
                when |= _OTHER_NAME
            if -DAY_US <= later <= DAY_US:
                when |= _DAY
    return when


def origin_province(crossing: Crossing, match: Match) -> str | None:
    """Where the traveller was first registered, two digits; None = unknown."""
    if crossing.origin_region:
        return crossing.origin_region[:2]
    found = match.covering or match.late or match.lapsed
    if found is not None and found.registration.latest.origin_region:
        return found.registration.latest.origin_region[:2]
    if crossing.issue_office and crossing.document_type is _PASSPORT:
        office = office_region(crossing.issue_office)
        return office[:2] if office else None
    return None


@lru_cache(maxsize=4096)
def office_region(office: str) -> str | None:
    """The region of a passport office; None = not a known one."""
    return reference.office_region(office)


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
    when: int
    """The flags of `When` without which it cannot find anything."""

    @property
    def summary(self) -> str:
        """First line of the rule's docstring."""
        return (self.judge.__doc__ or "").strip().splitlines()[0]


CATALOGUE: list[Rule] = []
"""Every rule in the order of its registration; filled by importing `streams.rules`."""


def rule(*weight_keys: str, when: When = _NONE, version: int = 1) -> Callable[[RuleFunction], RuleFunction]:
    """Register a rule under the id of its first weight key (`R10.minor` → `R10`).

    `when` spares the rule those crossings of which it cannot find anything; it must not narrow what the rule finds.
    """

    def register(judge: RuleFunction) -> RuleFunction:
        rule_id = weight_keys[0].partition(".")[0]
        CATALOGUE.append(Rule(id=rule_id, version=version, weight_keys=weight_keys, judge=judge, when=int(when)))
        rules_when.cache_clear()
        return judge

    return register


@lru_cache(maxsize=1 << len(When))
def rules_when(when: int) -> tuple[RuleFunction, ...]:
    """The rules worth asking where these flags hold, in the catalogue's order."""
    return tuple(r.judge for r in CATALOGUE if r.when & ~when == 0)


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
