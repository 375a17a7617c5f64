"""One lane's memory: the dossiers of its blocks, the registries' watermarks and the facts that go to every lane."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from schemas.records import CommunityReport, Departure, Heartbeat, PolicyVersion, Suppression, TransitEvent
from schemas.verdicts import Assessment
from schemas.vocabulary import Source
from streams import rules as rules  # importing the rules fills the catalogue
from streams import snapshot
from streams.assessing import assess
from streams.batch import Admitted as Admitted
from streams.batch import Touched as Touched
from streams.clusters.membership import Membership
from streams.clusters.telling import Telling
from streams.concern import by_crossing, by_registration, by_report, by_suppression
from streams.crossing import Crossing
from streams.dossier import Dossier, Registration, Report, Revision, registration_of, report_of, revision_of
from streams.gathering import gather
from streams.memory import Memory
from streams.packing import (
    DIGEST,
    DIRECTION_PLACE,
    FOREIGN,
    MARKS_PLACE,
    OUT,
    at_us,
    body_of,
    microseconds,
    number_of,
    numbered,
    pack,
    tokens_of,
)
from streams.policy import Policy
from streams.reigns import ALWAYS_US, NEVER_US, Reign, Reigns
from streams.suppressing import Suppressions
from streams.wide import Wide


class Casebook:
    """All facts of one lane."""

    def __init__(self, policy: Policy) -> None:
        self.memory = Memory()
        self.watermarks: dict[Source, datetime] = {}
        self._base = policy
        """Which groups a crossing belongs to does not follow the versions: whoever was told must be told again."""
        self._reigns = Reigns(policy)
        self._suppressions = Suppressions()
        self._wide = Wide()
        self._blocks_of: dict[str, tuple[str, ...]] = {}
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
        changed = touched.now
        verdict, fresh = self._verdict, touched.fresh
        for number, before in touched.before.items():
            now = verdict(number, fresh.get(number))
            if before is None or now != before:
                changed[number] = now
        return list(changed.values())

    def members(self, touched: Touched) -> list[Membership]:
        """What groups have to hear of the crossings that were assessed."""
        return Telling(touched, self.memory, self._base, self._verdict).members()

    def verdicts(self) -> list[Assessment]:
        """What the facts of now say of every crossing."""
        return [self._verdict(number) for number in range(len(self.memory.rows))]

    def verdicts_beside(
        self, policy: Policy, since: datetime | None, until: datetime | None
    ) -> Iterator[tuple[Assessment, Assessment]]:
        """Of every crossing of a time, what is said now and what would be said if that policy had been in force."""
        since_us, until_us = microseconds(since) if since else ALWAYS_US, microseconds(until) if until else NEVER_US
        other = Reign(policy, ALWAYS_US, None, self.watermarks)
        for number, row in enumerate(self.memory.rows):
            if since_us <= at_us(row) < until_us:
                crossing = Crossing(row, self.memory.homes[number].block)
                yield self._verdict(number, crossing), self._verdict(number, crossing, other)

    # ------------------------------------------------------------------------------------------ put away, take up

    def dump(self) -> Iterator[bytes]:
        """Everything known when the first chunk is asked for, in chunks for `load`; later facts are not in it."""
        memory = self.memory
        blocks = snapshot.blocks_chunk(memory.dossiers)
        number = {block: n for n, block in enumerate(memory.dossiers)}
        # a row is never changed, only put in another's place: a copy of the list is the memory of this moment
        rows = list(memory.rows)
        kept: list[tuple[snapshot.Kept, bytes]] = list(self._wide.facts())
        for dossier in memory.dossiers.values():
            kept += dossier.facts()
        kept += [(Heartbeat(source=s, complete_up_to=mark), b"") for s, mark in self.watermarks.items()]
        kept += self._reigns.facts()
        kept += self._suppressions.facts()
        yield snapshot.head()
        yield blocks
        yield snapshot.facts_chunk(kept)
        yield from snapshot.rows_chunks(rows, memory.homes, number)
        yield snapshot.tail_chunk(len(rows))

    @classmethod
    def load(cls, policy: Policy, chunks: Iterable[bytes]) -> Casebook:
        """The casebook that was put away; it goes on as if it had never stopped.

        Raises:
            SnapshotError: made by another version, or cut off, within a chunk or between two.
        """
        book, parts = cls(policy), iter(chunks)
        with snapshot.refusing():
            snapshot.check_head(next(parts, None))
            homes = [book.memory.dossier(block) for block in json.loads(next(parts, b"[]"))]
            for fact, digest in snapshot.read_facts(next(parts, b"[]")):
                book._take(Admitted(fact, digest), None)  # watermarks and policies before the rows: they say which wait
            last: bytes | None = None
            for part in parts:
                if snapshot.is_tail(part):
                    last = part
                    break
                for block, body in snapshot.read_rows(part):
                    book._take_row(homes[block], numbered(len(book.memory.rows), body), None)
            snapshot.check_tail(last, len(book.memory.rows))
        return book

    def _verdict(self, number: int, crossing: Crossing | None = None, reign: Reign | None = None) -> Assessment:
        """What the facts of now say of one crossing, by the policy of its time or by another."""
        if reign is None:
            reign = self._reigns.only or self._reigns.at(at_us(self.memory.rows[number]))
        return assess(gather(number, crossing, self.memory, self._wide, self._suppressions, reign))

    # ------------------------------------------------------------------------------------------ taking facts in

    def _take(self, admitted: Admitted, touched: Touched | None) -> None:
        fact = admitted.fact
        # by the type itself: pydantic's classes answer a no to `isinstance` ten times slower than a yes
        if type(fact) is TransitEvent:
            memory = self.memory
            row = pack(fact, admitted.digest, len(memory.rows))
            self._take_row(memory.dossier(fact.block), row, touched, fact)
        elif type(fact) is Departure:
            self._take_departure(revision_of(fact, admitted.digest), touched)
        elif type(fact) is CommunityReport:
            self._take_report(report_of(fact, admitted.digest), touched)
        elif type(fact) is Heartbeat:
            self._take_heartbeat(fact, touched)
        elif type(fact) is PolicyVersion:
            self._take_policy(fact, admitted.digest, touched)
        elif type(fact) is Suppression:
            self._take_suppression(fact, admitted.digest, touched)
        else:
            msg = f"no fact that a lane takes: {type(fact).__name__}"
            raise TypeError(msg)

    def _take_row(
        self, dossier: Dossier, row: bytes, touched: Touched | None, event: TransitEvent | None = None
    ) -> None:
        """Take a crossing's row in, numbered as the next."""
        memory = self.memory
        known = memory.claim(dossier, row)
        if known is not None:
            self._take_content(dossier, known, row, touched)
            return
        number, tokens = len(memory.rows), tokens_of(row)
        if touched is not None:
            for way in self._reigns.ways:
                self._touch(touched, by_crossing(memory, dossier, row, tokens, touched.before, way))
            touched.before[number] = None
            if event is not None:
                touched.fresh[number] = Crossing.of(event, row, tokens)
        memory.add(dossier, row, tokens)
        self._facts += 1
        if row[DIRECTION_PLACE] == OUT:
            self._let_wait(row, number)

    def _take_content(self, dossier: Dossier, number: int, row: bytes, touched: Touched | None) -> None:
        """Take another content of a known crossing in, if it is the one that stands."""
        memory = self.memory
        known = memory.rows[number]
        if known[DIGEST] >= row[DIGEST]:
            return
        row = numbered(number, body_of(row))
        if touched is not None:
            self._touch(touched, [number])
            if not touched.is_new(number):
                touched.replaced.setdefault(number, known)
            for way in self._reigns.ways:
                self._touch(touched, by_crossing(memory, dossier, known, tokens_of(known), touched.before, way))
                self._touch(touched, by_crossing(memory, dossier, row, tokens_of(row), touched.before, way))
        memory.replace(row)
        self._let_wait(row, number)

    def _let_wait(self, row: bytes, number: int) -> None:
        """Let an Indonesian's leaving wait for the registries, unless all have reported past it."""
        if row[MARKS_PLACE] & FOREIGN or row[DIRECTION_PLACE] != OUT:
            return
        (self._reigns.only or self._reigns.at(at_us(row))).let_wait(row, number)

    def _take_departure(self, revision: Revision, touched: Touched | None) -> None:
        departure = revision.departure
        if departure.block is None:
            self._take_wide_departure(revision, touched)
            return
        dossier = self.memory.dossier(departure.block)
        wide = self._wide.revisions.get(departure.departure_id, {})
        known = dossier.revisions_of(departure.departure_id)
        if revision.digest in known:
            return
        if touched is not None:
            after = registration_of([*known.values(), *wide.values(), revision])
            self._touch_registered(touched, dossier, after)
        dossier.add_revision(revision, wide.values())
        blocks = self._blocks_of.get(departure.departure_id, ())
        if departure.block not in blocks:
            self._blocks_of[departure.departure_id] = (*blocks, departure.block)
        self._facts += 1

    def _take_wide_departure(self, revision: Revision, touched: Touched | None) -> None:
        key = revision.departure.departure_id
        known = self._wide.revisions.setdefault(key, {})
        if revision.digest in known:
            return
        after = registration_of([*known.values(), revision])
        homes = [self.memory.dossiers[block] for block in sorted(self._blocks_of.get(key, ()))]
        if touched is not None:
            self._touch(touched, (number_of(r) for r in self.memory.under_any(after.tokens)))
            for dossier in homes:
                here = registration_of([*dossier.revisions_of(key).values(), *known.values(), revision])
                self._touch_registered(touched, dossier, here)
        self._wide.add_revision(revision, after.tokens)
        for dossier in homes:
            dossier.merge(key, known.values())
        self._facts += 1

    def _take_report(self, report: Report, touched: Touched | None) -> None:
        block, key, memory = report.report.block, report.key, self.memory
        if block is None:
            if not report.tokens or self._wide.holds(report):
                return
            if touched is not None:
                self._touch(touched, (number_of(r) for r in memory.under_any(report.tokens)))
            self._wide.add_report(report)
        else:
            dossier = memory.dossier(block)
            if dossier.reports is not None and key in dossier.reports:
                return
            if touched is not None:
                for way in self._reigns.ways:
                    self._touch(touched, by_report(memory, dossier, report, way.matching))
            dossier.add_report(report)
        self._facts += 1

    def _take_heartbeat(self, fact: Heartbeat, touched: Touched | None) -> None:
        known = self.watermarks.get(fact.source)
        if known is not None and known >= fact.complete_up_to:
            return
        after = self.watermarks | {fact.source: fact.complete_up_to}
        for reign in self._reigns:
            mark_us, due = reign.due(after, self.memory.rows)
            if mark_us is not None:
                if touched is not None:
                    self._touch(touched, due)
                reign.watermark_us = mark_us
        self.watermarks = after

    def _take_policy(self, version: PolicyVersion, digest: bytes, touched: Touched | None) -> None:
        if self._reigns.holds(version):
            return
        since_us, until_us, differs = self._reigns.add(version, digest, self.watermarks)
        for number, row in enumerate(self.memory.rows):
            if since_us <= at_us(row) < until_us:
                if differs and touched is not None and number not in touched.before:
                    touched.before[number] = None
                    touched.anew.add(number)
                self._let_wait(row, number)
        self._facts += 1

    def _take_suppression(self, fact: Suppression, digest: bytes, touched: Touched | None) -> None:
        if self._suppressions.holds(fact, digest):
            return
        if touched is not None:
            self._touch(touched, by_suppression(self.memory, fact))
        self._suppressions.add(fact, digest)
        self._facts += 1

    # ------------------------------------------------------------------------------------------ whom a fact concerns

    def _touch(self, touched: Touched, numbers: Iterable[int]) -> None:
        for number in numbers:
            if number not in touched.before:
                touched.before[number] = self._verdict(number)

    def _touch_registered(self, touched: Touched, dossier: Dossier, registration: Registration) -> None:
        for way in self._reigns.ways:
            self._touch(touched, by_registration(self.memory, dossier, registration, way.matching))
