"""A small set of hand-written files whose verdicts are known: one traveller for each way a crossing can end.

Every world is the same set with other people, so that several can be published to one stack.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from producers.columns import KINDS

BATAM, ENTIKONG, NUNUKAN = "ID-21-BTC", "ID-61-ETK", "ID-65-NNT"
ZONES = {BATAM: "+07:00", ENTIKONG: "+07:00", NUNUKAN: "+08:00"}
DAY = date(2026, 3, 3)
"""No ship from NTT called in Nunukan in the two days before."""
REPORTED_UP_TO = "2026-03-20T00:00:00+08:00"
NOT_YET_REPORTED = date(2031, 2, 4)
"""After every watermark that any test publishes."""
SOURCES = ("LTSA", "BP3MI", "SISKOP2MI", "G2G")
FIRST_BIRTH = date(1984, 1, 10)
APART_DAYS = 90
MOST_WORLDS = 80

Cells = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traveller:
    """A synthetic person: no kecamatan has the code 539999, and no passport begins with XX."""

    number: int
    world: int
    name: str
    female: bool = True
    born: date | None = None

    @property
    def birth_date(self) -> date:
        return (self.born or FIRST_BIRTH + timedelta(days=APART_DAYS * self.number)) + timedelta(days=self.world)

    @property
    def nik(self) -> str:
        b = self.birth_date
        return f"539999{b.day + 40 * self.female:02}{b.month:02}{b.year % 100:02}9{self.number:03}"

    @property
    def passport(self) -> str:
        return f"XX{self.world:02}{self.number:03}77"

    @property
    def sex(self) -> str:
        return "F" if self.female else "M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What must become of a crossing."""

    status: str
    score: int
    rules: tuple[str, ...] = ()
    departure: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The files' rows and what must come of them, by event id."""

    tag: str
    departures: tuple[Cells, ...]
    heartbeats: tuple[Cells, ...]
    reports: tuple[Cells, ...]
    crossings: Mapping[str, tuple[Cells, ...]]
    """By province."""
    expected: Mapping[str, Verdict]

    def files(self) -> list[tuple[str, str, tuple[Cells, ...]]]:
        """Kind, stem and rows of each file."""
        return [
            ("departures", "departures", self.departures),
            ("heartbeats", "heartbeats", self.heartbeats),
            ("reports", "reports", self.reports),
            *(("crossings", f"crossings-{province}", rows) for province, rows in self.crossings.items()),
        ]


def crossing(event_id: str, who: Traveller, *, place: str = BATAM, day: date = DAY, **changes: Any) -> Cells:
    """A worker of NTT leaves for Malaysia with her passport."""
    cells: Cells = {
        "event_id": event_id,
        "checkpoint_id": place,
        "device_id": f"gate-{place}",
        "occurred_at": f"{day}T09:30:00{ZONES[place]}",
        "direction": "out",
        "document_type": "passport",
        "document_number": who.passport,
        "nik": who.nik,
        "name": who.name,
        "birth_date": who.birth_date,
        "sex": who.sex,
        "nationality": "IDN",
        "purpose": "work",
        "destination_country": "MY",
    }
    return cells | changes


def departure(departure_id: str, who: Traveller, *, place: str = BATAM, **changes: Any) -> Cells:
    """Her complete registration, issued a month before."""
    cells: Cells = {
        "departure_id": departure_id,
        "revision": 1,
        "event": "registered",
        "source": "BP3MI",
        "name": who.name,
        "birth_date": who.birth_date,
        "sex": who.sex,
        "nik": who.nik,
        "passport": who.passport,
        "scheme": "PtoP",
        "sector": "plantation",
        "employer_type": "corporate",
        "destination_country": "MY",
        "planned_date": DAY,
        "checkpoint_id": place,
        "issued_at": "2026-02-02T10:00:00+08:00",
        **dict.fromkeys(("certificate", "opp", "health", "insurance", "permission", "visa"), "2026-01-15"),
    }
    return cells | changes


def heartbeats(up_to: str = REPORTED_UP_TO) -> tuple[Cells, ...]:
    """All registries have reported up to then."""
    return tuple({"source": source, "complete_up_to": up_to} for source in SOURCES)


class _Maker:
    def __init__(self, tag: str, number: int) -> None:
        self.tag, self.number = tag, number
        self.departures: list[Cells] = []
        self.reports: list[Cells] = []
        self.crossings: dict[str, list[Cells]] = {}
        self.expected: dict[str, Verdict] = {}
        self.people = 0

    def someone(self, name: str, *, female: bool = True, born: date | None = None) -> Traveller:
        self.people += 1
        return Traveller(number=self.people, world=self.number, name=name, female=female, born=born)

    def registers(self, who: Traveller, *, place: str = BATAM, **changes: Any) -> str:
        departure_id = f"{self.tag}-D{who.number}"
        self.departures.append(departure(departure_id, who, place=place, **changes))
        return departure_id

    def crosses(self, case: str, who: Traveller, verdict: Verdict, *, place: str = BATAM, **changes: Any) -> None:
        event_id = f"{self.tag}-{case}"
        province = {BATAM: "kepri", ENTIKONG: "kalbar", NUNUKAN: "kaltara"}[place]
        self.crossings.setdefault(province, []).append(crossing(event_id, who, place=place, **changes))
        self.expected[event_id] = verdict


def world(tag: str, number: int) -> World:
    """The set with its own people.

    Args:
        tag: begins every event and departure id.
        number: which people, 0 to 79; each world of one stack has its own.
    """
    assert 0 <= number < MOST_WORLDS
    made = _Maker(tag, number)
    _registered(made)
    _not_registered(made)
    _others(made)
    return World(
        tag=tag,
        departures=tuple(made.departures),
        heartbeats=heartbeats(),
        reports=tuple(made.reports),
        crossings={province: tuple(rows) for province, rows in made.crossings.items()},
        expected=made.expected,
    )


def _registered(made: _Maker) -> None:
    who = made.someone("MARIA GORETI SERAN")
    found = made.registers(who)
    made.crosses("passport", who, Verdict(status="MATCHED", score=0, departure=found, tier="passport"))

    who = made.someone("YOSEFINA ABUK", female=True)
    found = made.registers(who, place=NUNUKAN)
    made.crosses(
        "nik", who, Verdict(status="MATCHED", score=0, departure=found, tier="nik"),
        place=NUNUKAN, document_number=f"XX{made.number:02}90001",
    )  # fmt: skip

    who = made.someone("DOMINIKUS KLAU BRIA", female=False)
    found = made.registers(who, place=ENTIKONG)
    made.crosses(
        "name", who, Verdict(status="MATCHED", score=0, departure=found, tier="name"),
        place=ENTIKONG, document_number=f"XX{made.number:02}90002", nik="", name="DOMINIKUS KLAU BRIYA",
    )  # fmt: skip

    who = made.someone("AGUSTINA HOAR")
    found = made.registers(who, passport=f"XX{made.number:02}90003", previous_passports=who.passport)
    made.crosses("previous", who, Verdict(status="MATCHED", score=0, departure=found, tier="passport"), nik="")

    who = made.someone("KRISTINA LUAN")
    found = made.registers(who, destination_country="SG")
    made.crosses(
        "elsewhere", who, Verdict(status="FLAGGED", score=55, rules=("R02",), departure=found, tier="passport")
    )

    who = made.someone("PETRUS NAHAK", female=False)
    found = made.registers(who, place=BATAM)
    made.crosses(
        "exit", who, Verdict(status="MATCHED", score=25, rules=("R02",), departure=found, tier="passport"),
        place=NUNUKAN,
    )  # fmt: skip

    who = made.someone("ERNESTA TAE")
    found = made.registers(who, sector="domestic_work", employer_type="household", certificate="")
    made.crosses(
        "moratorium", who,
        Verdict(status="FLAGGED", score=68, rules=("R03", "R21"), departure=found, tier="passport"),
    )  # fmt: skip

    who = made.someone("ODILIA BEREK")
    found = made.registers(who)
    made.reports.append(
        {
            "case_id": f"{made.tag}-SAGA-1",
            "reported_at": "2026-03-09T08:00:00+08:00",
            "kind": "missing_person",
            "name": "ODILIA BERE",
            "birth_date": who.birth_date,
            "sex": "F",
        }
    )
    made.crosses("wanted", who, Verdict(status="FLAGGED", score=70, rules=("R25",), departure=found, tier="passport"))


def _not_registered(made: _Maker) -> None:
    who = made.someone("FRANSISKA BANO")
    made.crosses("pending", who, Verdict(status="PENDING", score=0), place=NUNUKAN, day=NOT_YET_REPORTED)

    who = made.someone("BERNADETA FALLO")
    made.crosses("unregistered", who, Verdict(status="UNREGISTERED", score=25, rules=("R01",)), place=NUNUKAN)

    who = made.someone("MARTINUS OLIN", female=False)
    made.registers(who, issued_at="2026-03-05T10:00:00+08:00")
    made.crosses("late", who, Verdict(status="UNREGISTERED", score=30, rules=("R26",)))

    who = made.someone("ROSALINDA MUTI")
    made.crosses(
        "blitar", who, Verdict(status="FLAGGED", score=55, rules=("R01", "R08", "R09")),
        issue_office="Blitar", issued_on=DAY - timedelta(days=30),
    )  # fmt: skip

    who = made.someone("SILVESTER MAU", female=False)
    cancelled = {"revision": 2, "event": "cancelled", "issued_at": "2026-02-20T10:00:00+08:00"}
    made.registers(who, place=ENTIKONG)
    made.registers(who, place=ENTIKONG, **cancelled)
    made.crosses("cancelled", who, Verdict(status="UNREGISTERED", score=30, rules=("R01",)), place=ENTIKONG)

    who = made.someone("NOVIANA KEFI", born=date(2009, 6, 1))
    made.crosses("minor", who, Verdict(status="FLAGGED", score=70, rules=("R01", "R10")))


def _others(made: _Maker) -> None:
    who = made.someone("PARK JIHOON", female=False)
    out_of_scope = Verdict(status="OUT_OF_SCOPE", score=0)
    made.crosses("foreign", who, out_of_scope, nationality="KOR", nik="", purpose="tourism")
    made.crosses("home", made.someone("LUSIA SEUK"), out_of_scope, place=ENTIKONG, direction="in")
    made.crosses("holiday", made.someone("ANASTASIA UN"), out_of_scope, purpose="tourism")
    made.crosses("border", made.someone("KAREL MANEK"), out_of_scope, place=ENTIKONG, document_type="plb")

    shared = Verdict(status="FLAGGED", score=70, rules=("R01", "R12"))
    born = date(1981, 1, 1)
    first, second = made.someone("VERONIKA TASI", born=born), made.someone("HENDRIKA USBOKO", born=born)
    made.crosses("double-1", first, shared, place=NUNUKAN)
    made.crosses("double-2", second, shared, place=NUNUKAN, document_number=first.passport)


def write(path: Path, kind: str, rows: Sequence[Cells]) -> Path:
    """Write a file of the form that its name says."""
    columns = [column for column in KINDS[kind].columns if any(column in row for row in rows)]
    {".csv": _write_csv, ".jsonl": _write_jsonl, ".xlsx": _write_xlsx}[path.suffix](path, columns, rows)
    return path


def write_all(made: World, directory: Path, suffix: str = ".csv") -> list[tuple[str, Path]]:
    """Write the files of a world; kind and path of each."""
    directory.mkdir(parents=True, exist_ok=True)
    return [(kind, write(directory / f"{stem}{suffix}", kind, rows)) for kind, stem, rows in made.files()]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _write_jsonl(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="utf-8")


def _write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Cells]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(columns))
    for row in rows:
        value: list[date | datetime | str | int | None] = [row.get(column) for column in columns]
        sheet.append(value)
    book.save(path)
