"""One lane's memory: the dossiers of its blocks, the registries' watermarks and the facts that go to every lane."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.identity import code_bits
from schemas.records import CommunityReport, Departure, Fact, Heartbeat, TransitEvent
from schemas.verdicts import Assessment
from schemas.vocabulary import Direction, Source
from streams import rules as rules  # importing the rules fills the catalogue
from streams.assessing import assess
from streams.case import Case
from streams.dossier import Crossing, Dossier, Registration, Report, Revision, crossing_of, registration_of
from streams.matching import is_foreign, match, names_disagree, names_near, recognises
from streams.policy import Policy
from streams.rules.movement import LONGEST_JOURNEY

_NO_TIME = timedelta()


@dataclass(slots=True, frozen=True)
class Admitted:
    """A fact that was read and checked, with the digest of its bytes."""

    fact: Fact
    digest: bytes


@dataclass(slots=True)
class Touched:
    """The crossings whose verdict a batch of facts may have changed, with what was said before."""

    before: dict[tuple[str, str], Assessment | None] = field(default_factory=dict)
    """By block and crossing key; None = the crossing was not known."""


class Casebook:
    """All facts of one lane."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.dossiers: dict[str, Dossier] = {}
        self.watermarks: dict[Source, datetime] = {}
        self._watermark: datetime | None = None
        self._waiting: list[tuple[datetime, str, str]] = []
        """Heap of (due, block, crossing key): whose absence is not confirmed yet."""
        self._wide: dict[str, dict[bytes, Revision]] = {}
        """Revisions without a birth date, by departure id: they went to every lane."""
        self._wide_by_token: dict[str, set[str]] = {}
        self._wide_reports: dict[str, dict[tuple[str, bytes], Report]] = {}
        """Reports without a birth date, by each document number they name."""
        self._blocks_of: dict[str, set[str]] = {}
        """Departure id -> the blocks of this lane that hold it."""
        self._facts = 0

    def __len__(self) -> int:
        return self._facts

    # ------------------------------------------------------------------------------------------ remember, assess

    def replay(self, facts: Iterable[Admitted]) -> None:
        """Take facts in that were assessed before: nothing is said."""
        for admitted in facts:
            self._take(admitted, None)

    def remember(self, facts: Iterable[Admitted]) -> Touched:
        """Take a batch of facts in; gives back whose verdicts they may have changed."""
        touched = Touched()
        for admitted in facts:
            self._take(admitted, touched)
        return touched

    def assess(self, touched: Touched) -> list[Assessment]:
        """The verdicts that changed."""
        changed = []
        for (block, key), before in touched.before.items():
            now = self.verdict(block, key)
            if now != before:
                changed.append(now)
        return changed

    def verdict(self, block: str, key: str) -> Assessment:
        """What the facts of now say of one crossing."""
        dossier = self.dossiers[block]
        crossing = dossier.crossings[key]
        return assess(
            Case(
                crossing=crossing,
                match=match(crossing, self._registrations(dossier, crossing), self.policy),
                sharing=tuple(dossier.sharing(crossing)) if crossing.tokens else (),
                notable=tuple(dossier.notable),
                reports=self._reports(dossier, crossing),
                watermark=self._watermark,
                policy=self.policy,
            )
        )

    def verdicts(self) -> list[Assessment]:
        """What the facts of now say of every crossing."""
        return [self.verdict(block, key) for block, d in self.dossiers.items() for key in d.crossings]

    # ------------------------------------------------------------------------------------------ taking facts in

    def _take(self, admitted: Admitted, touched: Touched | None) -> None:
        fact = admitted.fact
        if isinstance(fact, TransitEvent):
            self._take_crossing(crossing_of(fact, admitted.digest), touched)
        elif isinstance(fact, Departure):
            self._take_departure(Revision(departure=fact, digest=admitted.digest), touched)
        elif isinstance(fact, CommunityReport):
            self._take_report(fact, admitted.digest, touched)
        else:
            self._take_heartbeat(fact, touched)

    def _take_crossing(self, crossing: Crossing, touched: Touched | None) -> None:
        block = crossing.event.block
        dossier = self.dossiers.get(block)
        if dossier is None:
            dossier = self.dossiers[block] = Dossier()
        known = dossier.crossings.get(crossing.key)
        if known is not None and known.digest >= crossing.digest:
            return
        if touched is not None:
            self._touch(touched, block, self._influenced(dossier, crossing, known))
            if known is None:
                touched.before.setdefault((block, crossing.key), None)
            else:
                self._touch(touched, block, [known])
        dossier.add_crossing(crossing)
        self._facts += known is None
        if self._may_wait(crossing):
            heapq.heappush(self._waiting, (crossing.at + self.policy.grace, block, crossing.key))

    def _take_departure(self, revision: Revision, touched: Touched | None) -> None:
        departure = revision.departure
        if departure.block is None:
            self._take_wide_departure(revision, touched)
            return
        dossier = self.dossiers.setdefault(departure.block, Dossier())
        wide = self._wide.get(departure.departure_id, {})
        known = dossier.revisions.get(departure.departure_id, {})
        if revision.digest in known:
            return
        if touched is not None:
            after = registration_of([*known.values(), *wide.values(), revision])
            self._touch(touched, departure.block, self._concerned(dossier, after))
        dossier.add_revision(revision, wide.values())
        self._blocks_of.setdefault(departure.departure_id, set()).add(departure.block)
        self._facts += 1

    def _take_wide_departure(self, revision: Revision, touched: Touched | None) -> None:
        key = revision.departure.departure_id
        known = self._wide.setdefault(key, {})
        if revision.digest in known:
            return
        after = registration_of([*known.values(), revision])
        for block, dossier in self.dossiers.items():
            if touched is not None:
                self._touch(touched, block, self._under(dossier, after.tokens))
        for block in self._blocks_of.get(key, ()):
            dossier = self.dossiers[block]
            here = registration_of([*dossier.revisions[key].values(), *known.values(), revision])
            if touched is not None:
                self._touch(touched, block, self._concerned(dossier, here))
        known[revision.digest] = revision
        for token in after.tokens:
            self._wide_by_token.setdefault(token, set()).add(key)
        for block in self._blocks_of.get(key, ()):
            self.dossiers[block].merge(key, known.values())
        self._facts += 1

    def _take_report(self, fact: CommunityReport, digest: bytes, touched: Touched | None) -> None:
        bits = code_bits(fact.name_code) if fact.name_code and fact.block else 0
        report = Report(report=fact, digest=digest, name_bits=bits)
        key = (fact.case_id, digest)
        if fact.block is None:
            wanted = {t for t in (fact.passport_token, fact.nik_token) if t}
            if not wanted or all(key in self._wide_reports.get(t, ()) for t in wanted):
                return
            for block, dossier in self.dossiers.items():
                if touched is not None:
                    self._touch(touched, block, self._under(dossier, wanted))
            for token in wanted:
                self._wide_reports.setdefault(token, {})[key] = report
        else:
            dossier = self.dossiers.setdefault(fact.block, Dossier())
            if key in dossier.reports:
                return
            if touched is not None:
                rule = self.policy.matching
                hits = [c for c in dossier.crossings.values() if recognises(report, c, rule)]
                self._touch(touched, fact.block, hits)
            dossier.add_report(report)
        self._facts += 1

    def _take_heartbeat(self, fact: Heartbeat, touched: Touched | None) -> None:
        known = self.watermarks.get(fact.source)
        if known is not None and known >= fact.complete_up_to:
            return
        after = self.watermarks | {fact.source: fact.complete_up_to}
        needed = [after.get(source) for source in self.policy.registries]
        mark = None if None in needed or not needed else min(t for t in needed if t is not None)
        if mark is not None and (self._watermark is None or mark > self._watermark):
            while self._waiting and self._waiting[0][0] <= mark:
                _, block, key = heapq.heappop(self._waiting)
                if touched is not None:
                    self._touch(touched, block, [self.dossiers[block].crossings[key]])
            self._watermark = mark
        self.watermarks = after

    # ------------------------------------------------------------------------------------------ whom a fact concerns

    def _touch(self, touched: Touched, block: str, crossings: Iterable[Crossing]) -> None:
        for crossing in crossings:
            place = (block, crossing.key)
            if place not in touched.before:
                touched.before[place] = self.verdict(block, crossing.key)

    def _influenced(self, dossier: Dossier, new: Crossing, old: Crossing | None) -> list[Crossing]:
        """The known crossings whose verdict may change when `new` comes (in place of `old`)."""
        found: dict[str, Crossing] = {}
        for cause in (new, old) if old else (new,):
            for other in dossier.sharing(cause):
                if self._matters_to(cause, other):
                    found[other.key] = other
            if cause.is_deportation or cause.is_refusal:
                rule = self.policy.matching
                for other in dossier.crossings.values():
                    if other.at >= cause.at and names_near(cause.name_bits, other.name_bits, rule):
                        found[other.key] = other
        found.pop(new.key, None)
        return list(found.values())

    def _matters_to(self, cause: Crossing, other: Crossing) -> bool:
        """Whether a rule looks from `other` to `cause`; asked of every pair, so as little as possible is worked out."""
        later = other.at - cause.at
        if -LONGEST_JOURNEY <= later <= LONGEST_JOURNEY:
            return True
        if later > _NO_TIME:
            if cause.is_deportation or cause.is_refusal:
                return True
            issued = other.event.document.issued_on
            # one day more: the rule counts by the checkpoint's calendar
            if issued is not None and (other.at.date() - issued).days <= self.policy.passport.new_days + 1:
                return True
        return names_disagree(cause.name_bits, other.name_bits, self.policy.matching)

    def _concerned(self, dossier: Dossier, registration: Registration) -> list[Crossing]:
        """The crossings for which a registration may be a candidate, under its number or by its name."""
        found = {c.key: c for c in self._under(dossier, registration.tokens)}
        rule = self.policy.matching
        for crossing in dossier.crossings.values():
            if crossing.event.direction is not Direction.OUT or crossing.key in found:
                continue
            if any(names_near(crossing.name_bits, name, rule) for name in registration.names):
                found[crossing.key] = crossing
        return list(found.values())

    def _under(self, dossier: Dossier, tokens: Iterable[str]) -> list[Crossing]:
        found = {c.key: c for token in tokens for c in dossier.by_token.get(token, ())}
        return list(found.values())

    def _registrations(self, dossier: Dossier, crossing: Crossing) -> list[Registration]:
        here = list(dossier.registrations.values())
        if self._wide_by_token and crossing.tokens:
            wide = {key for token in crossing.tokens for key in self._wide_by_token.get(token, ())}
            here += [registration_of(self._wide[key].values()) for key in wide if key not in dossier.registrations]
        return here

    def _reports(self, dossier: Dossier, crossing: Crossing) -> tuple[Report, ...]:
        wide = (
            (r for t in crossing.tokens for r in self._wide_reports.get(t, {}).values()) if self._wide_reports else ()
        )
        return (*dossier.reports.values(), *wide)

    def _may_wait(self, crossing: Crossing) -> bool:
        """Whether the verdict can depend on the watermark, now or after some other fact."""
        if crossing.event.direction is not Direction.OUT or is_foreign(crossing):
            return False
        return self._watermark is None or self._watermark < crossing.at + self.policy.grace
