"""One lane's memory: the dossiers of its blocks, the registries' watermarks and the facts that go to every lane."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.records import CommunityReport, Departure, Fact, Heartbeat, TransitEvent
from schemas.verdicts import Assessment
from schemas.vocabulary import Source
from streams import rules as rules  # importing the rules fills the catalogue
from streams import snapshot
from streams.assessing import assess
from streams.case import Case
from streams.crossing import DAY_US, EPOCH_ORDINAL, Crossing
from streams.dossier import Dossier, Registration, Report, Revision, registration_of, report_of
from streams.likeness import names_disagree, names_near
from streams.matching import NO_MATCH, match, recognises
from streams.memory import Memory
from streams.packing import (
    BODY_DIGEST,
    DIGEST,
    FOREIGN,
    NAME,
    NAME_BYTES,
    NOTABLE,
    at_us,
    is_out,
    issued_ordinal,
    marks_of,
    microseconds,
    name_bits,
    number_of,
    numbered,
    pack,
    tokens_of,
)
from streams.policy import Policy
from streams.rules.movement import LONGEST_JOURNEY_US
from streams.waiting import Waiting


@dataclass(slots=True, frozen=True)
class Admitted:
    """A fact that was read and checked, with the digest of its bytes."""

    fact: Fact
    digest: bytes


@dataclass(slots=True)
class Touched:
    """The crossings whose verdict a batch of facts may have changed, with what was said before."""

    before: dict[int, Assessment | None] = field(default_factory=dict)
    """By the number of the crossing's row; None = the crossing was not known."""


class Casebook:
    """All facts of one lane."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.memory = Memory()
        self.watermarks: dict[Source, datetime] = {}
        self._watermark_us: int | None = None
        self._waiting = Waiting()
        """Whose absence is not confirmed yet."""
        self._wide: dict[str, dict[bytes, Revision]] = {}
        """Revisions without a birth date, by departure id: they went to every lane."""
        self._wide_by_token: dict[bytes, set[str]] = {}
        self._wide_reports: dict[bytes, dict[tuple[str, bytes], Report]] = {}
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
        for number, before in touched.before.items():
            now = self._verdict(number)
            if before is None or now != before:
                changed.append(now)
        return changed

    def verdicts(self) -> list[Assessment]:
        """What the facts of now say of every crossing."""
        return [self._verdict(number) for number in range(len(self.memory.rows))]

    # ------------------------------------------------------------------------------------------ put away, take up

    def dump(self) -> Iterator[bytes]:
        """Everything known, in chunks for `load`; no fact may come in between."""
        memory = self.memory
        yield snapshot.head()
        yield snapshot.blocks_chunk(memory.dossiers)
        revisions = {(r.departure.block, r.digest): r for known in self._wide.values() for r in known.values()}
        reports = {r.key: r for known in self._wide_reports.values() for r in known.values()}
        kept: list[tuple[snapshot.Kept, bytes]] = [(r.departure, r.digest) for r in revisions.values()]
        for dossier in memory.dossiers.values():
            for known in (dossier.revisions or {}).values():
                kept += [(r.departure, r.digest) for r in known.values()]
            kept += [(r.report, r.digest) for r in (dossier.reports or {}).values()]
        kept += [(r.report, r.digest) for r in reports.values()]
        kept += [(Heartbeat(source=s, complete_up_to=mark), b"") for s, mark in self.watermarks.items()]
        yield snapshot.facts_chunk(kept)
        yield from snapshot.rows_chunks(memory)

    @classmethod
    def load(cls, policy: Policy, chunks: Iterable[bytes]) -> Casebook:
        """The casebook that was put away; it goes on as if it had never stopped.

        Raises:
            SnapshotError: made by another version, or cut off inside a chunk.
        """
        book, parts = cls(policy), iter(chunks)
        snapshot.check_head(next(parts, None))
        homes = [book.memory.dossier(block) for block in json.loads(next(parts, b"[]"))]
        for fact, digest in snapshot.read_facts(next(parts, b"[]")):
            book._take(Admitted(fact, digest), None)  # the watermarks come before the rows: they say which wait
        for part in parts:
            for block, body in snapshot.read_rows(part):
                book._take_crossing(homes[block], body, None)
        return book

    def _verdict(self, number: int) -> Assessment:
        """What the facts of now say of one crossing."""
        memory, policy = self.memory, self.policy
        row, dossier = memory.rows[number], memory.homes[number]
        block, tokens = dossier.block, tokens_of(row)
        crossing = Crossing(row, block)
        candidates = self._registrations(dossier, row, tokens)
        return assess(
            Case(
                crossing=crossing,
                match=match(crossing, candidates, policy) if candidates else NO_MATCH,
                others=memory.sharing(dossier, row, tokens),
                notable=self._notable(dossier, row),
                reports=self._reports(dossier, row, tokens),
                watermark_us=self._watermark_us,
                policy=policy,
            )
        )

    # ------------------------------------------------------------------------------------------ taking facts in

    def _take(self, admitted: Admitted, touched: Touched | None) -> None:
        fact = admitted.fact
        if isinstance(fact, TransitEvent):
            self._take_crossing(self.memory.dossier(fact.block), pack(fact, admitted.digest), touched)
        elif isinstance(fact, Departure):
            self._take_departure(Revision(departure=fact, digest=admitted.digest), touched)
        elif isinstance(fact, CommunityReport):
            self._take_report(report_of(fact, admitted.digest), touched)
        else:
            self._take_heartbeat(fact, touched)

    def _take_crossing(self, dossier: Dossier, body: bytes, touched: Touched | None) -> None:
        memory = self.memory
        number = memory.claim(dossier, body)
        if number is None:
            number = len(memory.rows)
            row = numbered(number, body)
            if touched is not None:
                self._touch(touched, self._influenced(dossier, row))
                touched.before[number] = None
            memory.add(dossier, row)
            self._facts += 1
        else:
            known = memory.rows[number]
            if known[DIGEST] >= body[BODY_DIGEST]:
                return
            row = numbered(number, body)
            if touched is not None:
                self._touch(touched, [number])
                self._touch(touched, self._influenced(dossier, known))
                self._touch(touched, self._influenced(dossier, row))
            memory.replace(row)
        if is_out(row) and not marks_of(row) & FOREIGN:
            due_us = at_us(row) + self.policy.grace_us
            if self._watermark_us is None or self._watermark_us < due_us:
                self._waiting.add(due_us, number)

    def _take_departure(self, revision: Revision, touched: Touched | None) -> None:
        departure = revision.departure
        if departure.block is None:
            self._take_wide_departure(revision, touched)
            return
        dossier = self.memory.dossier(departure.block)
        wide = self._wide.get(departure.departure_id, {})
        known = dossier.revisions_of(departure.departure_id)
        if revision.digest in known:
            return
        if touched is not None:
            after = registration_of([*known.values(), *wide.values(), revision])
            self._touch(touched, self._concerned(dossier, after))
        dossier.add_revision(revision, wide.values())
        self._blocks_of.setdefault(departure.departure_id, set()).add(departure.block)
        self._facts += 1

    def _take_wide_departure(self, revision: Revision, touched: Touched | None) -> None:
        key = revision.departure.departure_id
        known = self._wide.setdefault(key, {})
        if revision.digest in known:
            return
        after = registration_of([*known.values(), revision])
        homes = [self.memory.dossiers[block] for block in sorted(self._blocks_of.get(key, ()))]
        if touched is not None:
            self._touch(touched, (number_of(r) for r in self.memory.under_any(after.tokens)))
            for dossier in homes:
                here = registration_of([*dossier.revisions_of(key).values(), *known.values(), revision])
                self._touch(touched, self._concerned(dossier, here))
        known[revision.digest] = revision
        for token in after.tokens:
            self._wide_by_token.setdefault(token, set()).add(key)
        for dossier in homes:
            dossier.merge(key, known.values())
        self._facts += 1

    def _take_report(self, report: Report, touched: Touched | None) -> None:
        block, key, memory = report.report.block, report.key, self.memory
        if block is None:
            wanted = set(report.tokens)
            if not wanted or all(key in self._wide_reports.get(t, ()) for t in wanted):
                return
            if touched is not None:
                self._touch(touched, (number_of(r) for r in memory.under_any(wanted)))
            for token in wanted:
                self._wide_reports.setdefault(token, {})[key] = report
        else:
            dossier = memory.dossier(block)
            if dossier.reports is not None and key in dossier.reports:
                return
            if touched is not None:
                rows, rule = memory.rows, self.policy.matching
                seen = {number_of(r) for r in memory.under_any(report.tokens, dossier)}
                seen.update(dossier.crossings_alike(report.name, rows, rule))
                hits = [n for n in sorted(seen) if recognises(report, Crossing(rows[n], block), rule)]
                self._touch(touched, hits)
            dossier.add_report(report)
        self._facts += 1

    def _take_heartbeat(self, fact: Heartbeat, touched: Touched | None) -> None:
        known = self.watermarks.get(fact.source)
        if known is not None and known >= fact.complete_up_to:
            return
        after = self.watermarks | {fact.source: fact.complete_up_to}
        needed = [after.get(source) for source in self.policy.registries]
        mark = None if None in needed or not needed else min(t for t in needed if t is not None)
        if mark is not None:
            mark_us = microseconds(mark)
            if self._watermark_us is None or mark_us > self._watermark_us:
                due = self._waiting.take_due(mark_us)
                if touched is not None:
                    self._touch(touched, due)
                self._watermark_us = mark_us
        self.watermarks = after

    # ------------------------------------------------------------------------------------------ whom a fact concerns

    def _touch(self, touched: Touched, numbers: Iterable[int]) -> None:
        for number in numbers:
            if number not in touched.before:
                touched.before[number] = self._verdict(number)

    def _influenced(self, dossier: Dossier, cause: bytes) -> list[int]:
        """The other known crossings whose verdict may change when `cause` comes, or goes."""
        memory = self.memory
        number = number_of(cause)
        found = [
            number_of(other)
            for other in memory.sharing(dossier, cause, tokens_of(cause))
            if self._matters_to(cause, other)
        ]
        if marks_of(cause) & NOTABLE:
            rows, since, name, rule = memory.rows, at_us(cause), name_bits(cause), self.policy.matching
            for n in dossier.crossings_near([cause[NAME]], rows, rule):
                if at_us(rows[n]) >= since and names_near(name, name_bits(rows[n]), rule):
                    found.append(n)
            found = list(dict.fromkeys(found))
        return [n for n in found if n != number] if found else found

    def _matters_to(self, cause: bytes, other: bytes) -> bool:
        """Whether a rule looks from `other` to `cause`; asked of every pair, so as little as possible is worked out."""
        at = at_us(other)
        later = at - at_us(cause)
        if -LONGEST_JOURNEY_US <= later <= LONGEST_JOURNEY_US:
            return True
        if later > 0:
            if marks_of(cause) & NOTABLE:
                return True
            issued = issued_ordinal(other)
            # one day more: the rule counts by the checkpoint's calendar
            if issued and EPOCH_ORDINAL + at // DAY_US - issued <= self.policy.passport.new_days + 1:
                return True
        return cause[NAME] != other[NAME] and names_disagree(name_bits(cause), name_bits(other), self.policy.matching)

    def _concerned(self, dossier: Dossier, registration: Registration) -> list[int]:
        """The crossings for which a registration may be a candidate, under its number or by its name."""
        memory, rule, names = self.memory, self.policy.matching, registration.names
        rows = memory.rows
        found = dict.fromkeys(number_of(r) for r in memory.under_any(registration.tokens, dossier))
        if names:
            raw = [name.to_bytes(NAME_BYTES, "big") for name in names]
            for n in dossier.crossings_near(raw, rows, rule):
                row = rows[n]
                if is_out(row) and n not in found and any(names_near(name_bits(row), name, rule) for name in names):
                    found[n] = None
        return list(found)

    def _registrations(self, dossier: Dossier, row: bytes, tokens: tuple[bytes, ...]) -> Collection[Registration]:
        known = dossier.registrations
        here = dossier.registrations_for(row, self.policy.matching) if known else ()
        if not self._wide_by_token:
            return here
        wide = {key for token in tokens for key in self._wide_by_token.get(token, ())}
        return [*here, *(registration_of(self._wide[key].values()) for key in wide if not known or key not in known)]

    def _notable(self, dossier: Dossier, row: bytes) -> Sequence[Crossing]:
        rows, block = self.memory.rows, dossier.block
        return [Crossing(rows[n], block) for n in dossier.notable_for(row, rows, self.policy.matching)]

    def _reports(self, dossier: Dossier, row: bytes, tokens: tuple[bytes, ...]) -> Sequence[Report]:
        here = dossier.reports_for(row, self.policy.matching)
        if self._wide_reports:
            return [*here, *(r for t in tokens for r in self._wide_reports.get(t, {}).values())]
        return list(here) if here else ()
