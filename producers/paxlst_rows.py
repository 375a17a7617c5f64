"""Reads UN/EDIFACT passenger lists (PAXLST): lenient on form, strict on identity.

Wrong counts, missing trailers and parts out of order are remarks; every person of the list is a row or a refusal. The
line of a row is the number of the segment, counted from the start of the file, with which its person begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from producers.columns import CROSSINGS, FileKind
from producers.edifact import Segment, segments
from producers.hints import NO_HINTS, Hints
from producers.list_counts import Counts
from producers.list_people import COLUMNS, KNOWN, PERSONS, Person, cells_of, person_of_us, read_moment, us_port
from producers.rows import Row, Table, Unreadable, UnreadableFile
from producers.voyages import Sighting, Voyage, sighting
from schemas.errors import Reason, RecordRejected

TAKEN_BACK = frozenset({"XR", "RP", "XF", "CLNB"})
"""Functions of BGM that say who does not travel: cancelled, left out of a party, not on board at closing."""
COPY = "copy"
"""Tells persons apart of whom the list says the same, so that each keeps an id of its own."""
_LEAVES, _ARRIVES = frozenset({"189", "136"}), frozenset({"232", "132"})
_DEPARTURE, _ARRIVAL, _CALL = frozenset({"125", "005", "5"}), frozenset({"87", "008", "8"}), frozenset({"92"})
_CUT = "segment {} of the file is cut or has no known name: this person cannot be read whole"
_HEADS = frozenset({"UNB", "UNG", "UNE", "UNZ", "UNS", "UNT", "CNT", "AUT"})
"""Segments that end the group of a person."""


def paxlst_table(file: BinaryIO, kind: FileKind, hints: Hints = NO_HINTS) -> Table:
    """The persons of a file of passenger lists as rows of a crossings file.

    Raises:
        UnreadableFile: the file is to be read as another kind, or holds no list.
    """
    if kind is not CROSSINGS:
        msg = f"the file is a passenger list (PAXLST), which is no {kind.name} file: publish it as crossings"
        raise UnreadableFile(msg)
    table = Table(header=COLUMNS, rows=iter(()))
    table.rows = _Lists(file, hints, table.notes).rows()
    return table


@dataclass(slots=True)
class _Message:
    """One message, or one part of a list that came in several."""

    number: int
    """Of its UNH."""
    name: str = ""
    reference: str = ""
    """What the parts of a list share; the message's own where it is whole."""
    taken_back: bool = False
    people: int = 0
    voyage: Voyage = field(default_factory=Voyage)
    seen: dict[tuple[str, str], Sighting | RecordRejected] = field(default_factory=dict)
    said: Counter[int] = field(default_factory=Counter)
    """Digests of its rows, to tell equal persons apart."""


class _Lists:
    """Where the reading of a file stands."""

    def __init__(self, file: BinaryIO, hints: Hints, notes: Counter[str]) -> None:
        self._file = file
        self._hints = hints
        self._notes = notes
        self._message: _Message | None = None
        self._person: Person | None = None
        self._broken: int | None = None
        """The segment of the person in hand that cannot be read."""
        self._stray: Person | None = None
        """What came after it: the rest of that person, or of another whose beginning is lost."""
        self._voyages: dict[str, Voyage] | None = None
        self._near = 2000
        self._counts = Counts(notes)

    def rows(self) -> Iterator[Row | Unreadable]:
        """Every person, and every message that is no list of persons."""
        ended = True
        for segment in segments(self._file):
            tag = segment.tag
            if self._person is not None and tag in KNOWN and not segment.cut:
                (self._stray or self._person).take(segment)
                continue
            ended = tag == "UNZ"
            if tag in ("NAD", "PDT", "") or segment.cut or tag not in _HEADS:
                yield from self._inside(segment)
                continue
            yield from self._close()
            self._frame(segment)
        yield from self._close()
        self._end_message()
        if not ended:
            self._notes["missing_segment:UNZ"] += 1
        self._counts.close()

    def _inside(self, segment: Segment) -> Iterator[Row | Unreadable]:
        tag, message = segment.tag, self._message
        if tag == "UNH":
            yield from self._close()
            refusal = self._begin(segment)
            if refusal:
                yield refusal
        elif segment.cut or tag == "":
            self._break(segment)
        elif message is None and (tag in ("BGM", "TDT", "PDT") or segment.get(0) in PERSONS):
            self._notes["missing_segment:UNH"] += 1
            self._message = _Message(number=segment.number, name="PAXLST")
            yield from self._inside(segment)
        elif message is None:
            return
        elif message.name != "PAXLST":
            if tag == "PDT" or (tag == "NAD" and segment.get(0) in PERSONS):
                yield Unreadable(line=segment.number, refusal=_other_kind())
        elif tag == "PDT":
            yield from self._close()
            self._person = person_of_us(segment)
        elif tag == "NAD" and (segment.get(0) in PERSONS or message.people or message.voyage.legs):
            yield from self._close()
            self._person = Person(segment)
        elif self._person is not None:
            self._break(segment)
        else:
            self._head(segment, message)

    def _break(self, segment: Segment) -> None:
        """A segment that cannot be read stands in the group of a person, or before all of them."""
        if self._person is None:
            self._notes["unreadable_segment:-"] += 1
            if self._message is not None and self._message.name == "PAXLST" and self._message.voyage.legs:
                self._person = Person(Segment(segment.number, "NAD"))
                self._broken = segment.number
        elif self._broken is None:
            self._broken = segment.number
            self._stray = Person(Segment(segment.number, "NAD"))

    # ------------------------------------------------------------------------------------------ around the people

    def _frame(self, segment: Segment) -> None:
        tag, message, counts = segment.tag, self._message, self._counts
        said = segment.get(0)
        if tag == "CNT":
            if message is not None and said in ("41", "42"):
                counts.of_people(segment.get(0, 1), message.people, message.reference)
        elif tag == "UNT":
            if message is not None:
                counts.compare("UNT", said, segment.number - message.number + 1)
            self._message = None
        elif tag == "UNG":
            counts.group()
        elif tag in ("UNB", "UNE", "UNZ"):
            self._end_message()
            if tag == "UNB":
                counts.interchange()
                self._near = _year(segment.get(3)) or self._near
            elif tag == "UNE":
                counts.of_messages(said)
            else:
                counts.of_interchange(said)

    def _end_message(self) -> None:
        if self._message is not None:
            self._notes["missing_segment:UNT"] += 1
            self._message = None

    def _begin(self, segment: Segment) -> Unreadable | None:
        self._end_message()
        shared = segment.get(2)
        message = self._message = _Message(
            number=segment.number, name=segment.get(1).upper(), reference=shared or segment.get(0)
        )
        self._counts.message(message.reference, segment.get(3) if shared else "", segment.get(3, 1))
        if message.name == "PAXLST":
            return None
        return Unreadable(line=segment.number, refusal=_other_kind())

    def _head(self, segment: Segment, message: _Message) -> None:
        """A segment of the message before its people."""
        tag, code, voyage = segment.tag, segment.get(0), message.voyage
        if tag == "BGM":
            message.taken_back = bool(TAKEN_BACK.intersection(segment.get(i).upper() for i in (1, 2)))
        elif tag == "TDT":
            vessel = segment.get(7, 3) or segment.get(7)
            voyage.transport(carrier=vessel or segment.get(4), service_no=segment.get(1), mode=segment.get(2))
        elif tag == "LOC":
            port = us_port(segment.get(1)) if len(code) == 3 and code.startswith("00") else segment.get(1).upper()
            if code in _DEPARTURE:
                voyage.leave_from(port)
            elif code in _ARRIVAL:
                voyage.arrive_at(port)
            elif code in _CALL:
                voyage.call_at(port)
        elif tag == "DTM":
            text, clock = segment.get(0, 1), ""
            if text:
                text, clock = text[:-4], text[-4:]
            else:
                text, clock = segment.get(1), segment.get(2)
            if code in _LEAVES:
                voyage.leaves(read_moment(text, clock, near=self._near))
            elif code in _ARRIVES:
                voyage.arrives(read_moment(text, clock, near=self._near))

    # ------------------------------------------------------------------------------------------ the people

    def _close(self) -> Iterator[Row | Unreadable]:
        """The person in hand, and one of whom only the rest was found."""
        person, broken, stray, message = self._person, self._broken, self._stray, self._message
        self._person = self._broken = self._stray = None
        if person is None or message is None:
            return
        self._count(message)
        if broken is None:
            yield self._row(person, message)
        elif stray is not None and stray.repeats(person):
            yield self._row(person, message)
            self._count(message)
            yield _refused(stray, _CUT.format(broken))
        else:
            yield _refused(person, _CUT.format(broken))

    def _count(self, message: _Message) -> None:
        message.people += 1
        self._counts.people[message.reference] += 1

    def _row(self, person: Person, message: _Message) -> Row | Unreadable:
        twice = sorted(mark.removesuffix(" twice") for mark in person.marks if mark.endswith("twice"))
        if twice:
            return _refused(person, f"the group of one person has {twice[0]} twice: it may be two persons")
        if message.taken_back:
            return _refused(person, "the message tells who does not travel: this is no crossing")
        seen = self._seen(person, message)
        if isinstance(seen, RecordRejected):
            return Unreadable(line=person.number, refusal=seen, raw=person.told())
        cells, warnings = cells_of(person, seen)
        filled = {name: value for name, value in cells.items() if value}
        said = hash(tuple(cells.values()))
        message.said[said] += 1
        if message.said[said] > 1:
            filled[COPY] = str(message.said[said])
        return Row(line=person.number, cells=filled, original=tuple(cells.values()), warnings=tuple(warnings))

    def _seen(self, person: Person, message: _Message) -> Sighting | RecordRejected:
        way = person.embarks, person.ends
        found = message.seen.get(way)
        if found is None:
            voyage = message.voyage if message.voyage.legs else self._voyage_of(message.reference)
            try:
                found = sighting(voyage.travelled(*way), self._hints.checkpoint, self._hints.direction)
            except RecordRejected as refusal:
                found = refusal
            message.seen[way] = found
        return found

    def _voyage_of(self, reference: str) -> Voyage:
        """The voyage that another part of the list names, before or behind this one."""
        if self._voyages is None:
            self._voyages = {}
            place = self._file.tell()
            self._file.seek(0)
            reader = _Lists(self._file, self._hints, Counter())
            for message in reader.heads():
                if message.voyage.legs:
                    self._voyages.setdefault(message.reference, message.voyage)
            self._file.seek(place)
        return self._voyages.get(reference, Voyage())

    def heads(self) -> Iterator[_Message]:
        """Every message of the file with its voyage, without its people."""
        for segment in segments(self._file):
            if segment.tag == "UNH":
                if self._message is not None:
                    yield self._message
                self._begin(segment)
            elif segment.tag in ("TDT", "LOC", "DTM") and self._message is not None and not self._message.people:
                self._head(segment, self._message)
            elif segment.tag == "NAD" and segment.get(0) in PERSONS and self._message is not None:
                self._message.people += 1
        if self._message is not None:
            yield self._message


def _year(day: str) -> int | None:
    """Of a day in six digits; nobody sent lists before 2000."""
    return 2000 + int(day[:2]) if len(day) == 6 and day.isascii() and day.isdigit() else None


def _refused(person: Person, why: str) -> Unreadable:
    return Unreadable(line=person.number, refusal=RecordRejected(Reason.UNREADABLE_ROW, why), raw=person.told())


def _other_kind() -> RecordRejected:
    return RecordRejected(Reason.UNREADABLE_ROW, "stands in a message that is no passenger list (PAXLST)")
