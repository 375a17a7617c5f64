"""One person of a passenger list: what its segments say, as the cells of a crossing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from producers.countries import ALPHA3_OF, nationality
from producers.edifact import Segment
from producers.voyages import Sighting, country_of, place_of
from schemas import reference
from schemas.vocabulary import Direction

CREW: Final = frozenset({"FM", "DDT"})
PERSONS: Final = frozenset({"FL", "DDU"}) | CREW
KNOWN: Final = frozenset(
    {"ATT", "DTM", "MEA", "GEI", "GIR", "FTX", "LOC", "COM", "EMP", "NAT", "RFF", "DOC", "CTA", "CPI", "QTY", "LAN"}
)
"""Segments that stand in the group of a person."""
VISA: Final = "V"
_IDENTITY_CARDS = frozenset({"I", "A", "C", "ID", "IN"})
_BORN, _EXPIRES = "329", "36"


class Person:
    """The segments of one person; `marks` tells which parts of an identity were named."""

    __slots__ = (
        "booking", "born", "documents", "embarks", "ends", "foreign", "marks", "name", "nation", "number", "qualifier",
        "sex",
    )  # fmt: skip

    def __init__(self, segment: Segment) -> None:
        self.number = segment.number
        self.qualifier = segment.get(0)
        self.foreign = segment.foreign
        self.name = _name(segment)
        self.born = self.sex = self.nation = self.booking = self.embarks = self.ends = ""
        self.documents: list[tuple[str, str, str]] = []
        """Kind, number and expiry."""
        self.marks: set[str] = set()

    def take(self, segment: Segment) -> None:
        """Note what one segment says."""
        self.foreign = self.foreign or segment.foreign
        tag, code = segment.tag, segment.get(0)
        if tag == "DOC":
            self.documents.append((code.upper(), segment.get(1), ""))
            self.marks.add("DOC")
        elif tag == "DTM":
            self._date(code, segment)
        elif tag == "ATT" and code == "2":
            self._once("ATT")
            self.sex = segment.get(2) or segment.get(1)
        elif tag == "NAT":
            self.marks.add("NAT")  # a person may have two
            self.nation = self.nation or segment.get(1)
        elif tag == "LOC" and code in ("178", "179"):
            self._once(code)
            if code == "178":
                self.embarks = segment.get(1).upper()
            else:
                self.ends = segment.get(1).upper()
        elif tag == "RFF" and code == "AVF":
            self.booking = segment.get(0, 1)

    def told(self) -> str:
        """What was read, for the refused file, which stays with the publisher."""
        parts = (self.qualifier, self.name, self.born, self.sex, self.nation, self.embarks, self.ends)
        return "+".join((*parts, *(":".join(one) for one in self.documents)))

    def repeats(self, other: Person) -> bool:
        """Whether both name the same part of an identity, so that they are two persons."""
        return bool(self.marks & other.marks)

    def _once(self, mark: str) -> None:
        self.marks.add(f"{mark} twice" if mark in self.marks else mark)

    def _date(self, code: str, segment: Segment) -> None:
        if code == _BORN:
            self._once("DTM 329")
            self.born = segment.get(0, 1)
        elif code == _EXPIRES and self.documents:
            kind, number, _ = self.documents[-1]
            self.documents[-1] = kind, number, segment.get(0, 1)


def _name(segment: Segment) -> str:
    """Given names first; some carriers write the name where an address stands."""
    parts = segment.components(3)
    if not any(part.strip() for part in parts):
        parts = segment.components(2)
    return " ".join(" ".join(parts[1:] + parts[:1]).split())


def person_of_us(segment: Segment) -> Person:
    """The person of a PDT segment, as United States lists of 2002 have them: document, then name, birth and sex."""
    person = Person(Segment(segment.number, "NAD", ("NAD", "FL"), foreign=segment.foreign))
    kind, _, number = segment.get(0).partition("/")
    person.documents.append((kind.upper(), number, segment.get(0, 1)))
    person.nation = segment.get(0, 2)
    person.name = " ".join(f"{segment.get(1, 1)} {segment.get(1, 2)} {segment.get(1)}".split())
    person.born, person.sex = segment.get(1, 3), segment.get(1, 4)
    person.qualifier = "FM" if segment.get(2).upper().startswith("CR") else "FL"
    person.embarks, person.ends = us_port(segment.get(3)), us_port(segment.get(3, 1))
    return person


def us_port(text: str) -> str:
    """A port as those lists write it: country and IATA code in one, which UN/LOCODE mostly has too."""
    text = text.upper()
    return text if reference.places_at(text) or not reference.places_at(text[2:]) else text[2:]


def cells_of(person: Person, seen: Sighting) -> tuple[dict[str, str], list[str]]:
    """The cells of a crossing, and warnings; what cannot be read of an identity stays as it came, to be refused."""
    warnings = ["character_set:name"] if person.foreign else []
    if person.qualifier in CREW:
        warnings.append("crew:name")
    elif person.qualifier not in PERSONS:
        warnings.append("unknown_word:NAD")
    day = seen.at.date() if seen.at else date.max
    kind, number, expires = _document(person.documents)
    leg, start, end = seen.leg, person.embarks or seen.leg.start, person.ends or seen.leg.end
    cells = {
        "checkpoint_id": seen.checkpoint_id,
        "occurred_at": seen.at.isoformat() if seen.at else "",
        "direction": seen.direction.value,
        "mode": leg.mode or reference.checkpoints()[seen.checkpoint_id].mode,
        "carrier": leg.carrier,
        "service_no": leg.service_no,
        "from_place": place_of(start),
        "to_place": place_of(end),
        "document_type": kind,
        "document_number": number,
        "expires_on": _expiry(expires, day, warnings),
        "name": person.name,
        "birth_date": _birth(person.born, day, warnings),
        "sex": person.sex,
        "nationality": _nationality(person.nation, warnings),
        "destination_country": (country_of(end) or "") if seen.direction is Direction.OUT else "",
        "booking": person.booking,
    }
    return cells, warnings


COLUMNS: Final = (
    "checkpoint_id", "occurred_at", "direction", "mode", "carrier", "service_no", "from_place", "to_place",
    "document_type", "document_number", "expires_on", "name", "birth_date", "sex", "nationality",
    "destination_country", "booking",
)  # fmt: skip
"""In the order of `cells_of`."""


def _document(documents: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    """The document that was shown, passport before others; a visa is none."""
    shown = [one for one in documents if not one[0].startswith(VISA) and one[1]]
    for kind, number, expires in sorted(shown, key=lambda one: not one[0].startswith("P")):
        if kind.startswith("P"):
            return "passport", number, expires
        if not kind or (kind in _IDENTITY_CARDS and sum(c.isdigit() for c in number) == 16):
            return "", number, expires  # its number tells
        return "other", number, expires
    return "", "", ""


def _nationality(text: str, warnings: list[str]) -> str:
    code = text.upper()
    if not code or nationality(code):
        return code
    if code in ALPHA3_OF:
        return ALPHA3_OF[code]
    warnings.append("unknown_word:nationality")
    return ""


def _birth(text: str, at: date, warnings: list[str]) -> str:
    """A birth date of six or eight digits; in this century unless it lay in the future."""
    if not text or not text.isascii() or not text.isdigit() or len(text) not in (6, 8):
        return text
    if text.endswith("00") or text[-4:-2] == "00":
        warnings.append("unknown_date:birth_date")  # ICAO 9303 lets a day or month be unknown
        return ""
    if len(text) == 8:
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    year = min(at.year, 2100) // 100 * 100 + int(text[:2])
    month_and_day = f"{text[2:4]}-{text[4:]}"
    return f"{year if f'{year}-{month_and_day}' <= at.isoformat() else year - 100}-{month_and_day}"


def _expiry(text: str, at: date, warnings: list[str]) -> str:
    """An expiry date; no identity, so one that cannot be read is left out."""
    found = read_day(text, near=min(at.year, 2100))
    if text and found is None:
        warnings.append("unreadable_date:expires_on")
    return found.isoformat() if found else ""


def read_day(text: str, *, near: int) -> date | None:
    """A day of six or eight digits; a year of two digits lies within fifty of `near`."""
    if not text.isascii() or not text.isdigit() or len(text) not in (6, 8):
        return None
    year = int(text[:-4])
    if len(text) == 6:
        year += near // 100 * 100
        year += 100 if year <= near - 50 else -100 if year > near + 50 else 0
    try:
        return date(year, int(text[-4:-2]), int(text[-2:]))
    except ValueError:
        return None


def read_moment(day: str, clock: str, *, near: int) -> datetime | None:
    """A local time of a day and four or six digits of hours."""
    found = read_day(day, near=near)
    if found is None or not clock.isascii() or not clock.isdigit() or len(clock) not in (4, 6):
        return None
    try:
        return datetime(found.year, found.month, found.day, int(clock[:2]), int(clock[2:4]))  # noqa: DTZ001
    except ValueError:
        return None
