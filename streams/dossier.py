"""What is known in one block besides its crossings' rows: registrations, reports, and who is near in name."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

from schemas.records import CommunityReport, Departure
from schemas.vocabulary import Sex
from streams.merging import Registration as Registration
from streams.merging import Report as Report
from streams.merging import Revision as Revision
from streams.merging import registration_of as registration_of
from streams.merging import report_of as report_of
from streams.merging import revision_of as revision_of
from streams.nearness import Names
from streams.packing import (
    MARKS_PLACE,
    NAME,
    NAME_BYTES,
    NOTABLE,
    number_of,
    tokens_of,
)
from streams.policy import Matching

MANY_CROSSINGS = 128
"""From here on the names of a block's crossings are kept sorted for search; most blocks never hold so many."""
MANY = 8
"""The same for registrations, reports and notable crossings, which every new crossing is compared with."""

T = TypeVar("T")


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
        "_crossings_by_name", "_notable_lookup", "_registration_lookup", "_report_lookup", "block",
        "notable", "numbers", "registrations", "reports", "revisions", "salt",
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
        self.notable: list[int] | None = None
        self._crossings_by_name: Names[int] | None = None
        self._notable_lookup: Lookup[int] | None = None
        self._registration_lookup: Lookup[str] | None = None
        self._report_lookup: Lookup[Report] | None = None

    # ------------------------------------------------------------------------------------------ taking facts in

    def add_crossing(self, number: int, row: bytes) -> None:
        """Take a crossing in."""
        self.numbers.append(number)
        if self._crossings_by_name is not None or row[MARKS_PLACE] & NOTABLE:
            self.replace_crossing(row)

    def replace_crossing(self, row: bytes) -> None:
        """Take a crossing's new content in; what an index knew of the old one is checked by whoever asks."""
        number = number_of(row)
        if self._crossings_by_name is not None:
            self._crossings_by_name.add(row[NAME], number)
        if row[MARKS_PLACE] & NOTABLE:
            if self.notable is None:
                self.notable = []
            self.notable.append(number)
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

    def facts(self) -> Iterator[tuple[Departure | CommunityReport, bytes]]:
        """Its facts besides the crossings, with their digests."""
        for known in (self.revisions or {}).values():
            yield from ((r.departure, r.digest) for r in known.values())
        yield from ((r.report, r.digest) for r in (self.reports or {}).values())

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
        known = self.notable
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
