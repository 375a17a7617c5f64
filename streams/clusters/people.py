"""The crossings of a group as seats of people: who is one traveller, who shares a home, who went on one voyage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from sys import intern

from schemas.verdicts import ClusterMember
from schemas.vocabulary import Direction, DocumentType, Province, Purpose, Sex, Status
from streams.clusters.membership import KECAMATAN_DIGITS
from streams.crossing import HOUR_US, local_hours
from streams.packing import microseconds

Place = tuple[int, str, str, str]
"""When a crossing was, then what tells it from others: province, event id, block."""
Trip = tuple[str, date, str]
"""Checkpoint, day there, voyage or flight (empty = unknown)."""
UNCONFIRMED = frozenset({Status.UNREGISTERED, Status.FLAGGED})


class Seat:
    """One crossing of a group's member.

    Not a dataclass: one is held for every crossing and key, and most of its texts are shared by many.
    """

    __slots__ = (
        "age", "at_us", "birth_date_known", "block", "direction", "document", "document_type", "event_id", "foreign",
        "kk", "name", "nik", "place", "province", "purpose", "region", "sex", "status", "trip", "village",
    )  # fmt: skip

    def __init__(self, member: ClusterMember) -> None:
        self.event_id, self.block = member.event_id, intern(member.block)
        self.province: Province = member.province
        self.at_us: int = microseconds(member.occurred_at)
        hours = local_hours(member.checkpoint_id)
        day = (member.occurred_at.astimezone(UTC) + timedelta(microseconds=hours * HOUR_US)).date()
        self.trip: Trip = (intern(member.checkpoint_id), day, intern(member.service_no or ""))
        self.direction: Direction = member.direction
        self.document_type: DocumentType = member.document_type
        self.birth_date_known, self.foreign = member.birth_date_known, member.foreign
        self.name, self.document, self.nik, self.kk = member.name, member.document, member.nik, member.kk
        self.sex: Sex | None = member.sex
        self.age: int | None = member.age_years
        self.region: str = intern(member.origin_region or "")
        known = len(self.region) >= KECAMATAN_DIGITS
        self.village: str | None = intern(self.region[:KECAMATAN_DIGITS]) if known else None
        self.purpose: Purpose | None = member.purpose
        self.status: Status = member.status
        self.place: Place = (self.at_us, self.province.value, self.event_id, self.block)
        """Orders the seats of a group, and tells them apart."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells crossings apart."""
        return self.place[1:]

    @property
    def ref(self) -> str:
        """How a finding names it."""
        return f"event:{self.province.value}/{self.event_id}"

    @property
    def at(self) -> datetime:
        """When it was."""
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.at_us)


class Traveller:
    """One person of a group."""

    __slots__ = ("age", "home", "registered", "seats", "sex")

    def __init__(self, seats: list[Seat]) -> None:
        self.seats: Sequence[Seat] = seats
        ages = [seat.age for seat in seats if seat.age is not None]
        self.age: int | None = max(ages) if ages else None
        self.sex: Sex | None = next((seat.sex for seat in seats if seat.sex is not None), None)
        homes = sorted({seat.kk for seat in seats if seat.kk})
        self.home: str | None = homes[0] if homes else None
        """Digits of the family card; None = unknown."""
        self.registered: bool = any(seat.status is Status.MATCHED for seat in seats)
        """Whether a registered departure covers one of the crossings."""

    @property
    def first(self) -> Seat:
        """The first crossing; tells travellers of a group apart."""
        return self.seats[0]


def travellers_of(seats: Iterable[Seat]) -> list[Traveller]:
    """Seats in their order to people: one person where the birth date and a number or the name are the same."""
    root: dict[tuple[str, ...], tuple[str, ...]] = {}

    def find(mark: tuple[str, ...]) -> tuple[str, ...]:
        while (up := root.setdefault(mark, mark)) != mark:
            root[mark] = root.setdefault(up, up)
            mark = root[mark]
        return mark

    marked: list[tuple[Seat, tuple[str, ...]]] = []
    for seat in seats:
        marks = _marks(seat)
        head = find(marks[0])
        for mark in marks[1:]:
            root[find(mark)] = head
        marked.append((seat, marks[0]))
    people: dict[tuple[str, ...], list[Seat]] = {}
    for seat, mark in marked:
        people.setdefault(find(mark), []).append(seat)
    return [Traveller(of_one) for of_one in people.values()]


def _marks(seat: Seat) -> list[tuple[str, ...]]:
    """What two seats of one person have in common; where nothing is known, the seat stands for itself."""
    known: list[tuple[str, ...]] = [
        (seat.block, kind, value)
        for kind, value in (("nik", seat.nik), ("document", seat.document), ("name", seat.name))
        if value
    ]
    return known or [(seat.block, "seat", seat.province.value, seat.event_id)]


def households(people: Iterable[Traveller]) -> int:
    """How many homes they come from; an unknown one counts as a home of its own."""
    homes, alone = set(), 0
    for person in people:
        if person.home is None:
            alone += 1
        else:
            homes.add(person.home)
    return len(homes) + alone


def same_home(a: Traveller, b: Traveller) -> bool:
    """Whether both are known to stand on one family card."""
    return a.home is not None and a.home == b.home
