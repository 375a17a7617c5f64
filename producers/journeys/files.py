"""The rows of the simulated files, in the columns that partners hand in, and what is known to be true of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS
from schemas.vocabulary import Province


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One crossing; `cells` are the columns that are not empty, without device and sequence."""

    event_id: str
    province: Province
    at: datetime
    checkpoint_id: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One revision of a registered departure; the fields are the columns of a departures file."""

    departure_id: str
    event: str
    source: str
    name: str
    issued_at: datetime
    revision: int = 1
    birth_date: date | None = None
    sex: str = ""
    nik: str = ""
    passport: str = ""
    previous_passports: str = ""
    origin_region: str = ""
    scheme: str = ""
    p3mi_licence: str = ""
    p3mi_valid_to: date | None = None
    sector: str = ""
    employer_type: str = ""
    destination_country: str = ""
    planned_date: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    checkpoint_id: str = ""
    mode: str = ""
    certificate: str = ""
    training_institution: str = ""
    opp: date | None = None
    health: date | None = None
    insurance: str = ""
    permission: date | None = None
    visa: str = ""
    ltsa_office: str = ""

    def cells(self) -> list[str]:
        """In the order of the documented columns."""
        return [_cell(getattr(self, column)) for column in DEPARTURES.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One community report; the fields are the columns of a reports file."""

    case_id: str
    reported_at: datetime
    kind: str
    passport: str = ""
    nik: str = ""
    name: str = ""
    birth_date: date | None = None
    sex: str = ""
    origin_region: str = ""
    checkpoint_id: str = ""
    destination_country: str = ""

    def cells(self) -> list[str]:
        """In the order of the documented columns."""
        return [_cell(getattr(self, column)) for column in REPORTS.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What should come out for one crossing once every registry has reported past it."""

    event_id: str
    province: Province
    kind: str
    status: str
    rules: tuple[str, ...] = ()
    case: str | None = None
    twin_of: str | None = None
    departure_id: str | None = None
    tier: str | None = None
    noise: tuple[str, ...] = ()
    group: str | None = None
    """Ties the members of a planted group."""
    group_rules: tuple[str, ...] = ()
    """What is to be found of the group."""

    def as_json(self) -> str:
        """One line, keys in a fixed order."""
        return json.dumps(
            {
                "event_id": self.event_id,
                "province": self.province.value,
                "kind": self.kind,
                "case": self.case,
                "status": self.status,
                "rules": list(self.rules),
                "departure_id": self.departure_id,
                "tier": self.tier,
                "twin_of": self.twin_of,
                "noise": list(self.noise),
                "group": self.group,
                "group_rules": list(self.group_rules),
            }
        )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


@dataclass(slots=True)
class _Device:
    sequence: int = 0


@dataclass(slots=True, kw_only=True)
class CrossingFiles:
    """The crossings files of the three provinces, written day by day; each device counts its own sequence."""

    directory: Path
    counts: dict[str, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _files: dict[Province, IO[str]] = field(default_factory=dict)
    _devices: dict[str, _Device] = field(default_factory=dict)
    _turn: int = 0

    def __enter__(self) -> CrossingFiles:
        for province in Province:
            path = self.directory / f"crossings-{province.value}.csv"
            file = self._stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            csv.writer(file, lineterminator="\n").writerow(CROSSINGS.columns)
            self._files[province] = file
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write_day(self, sightings: list[Sighting]) -> None:
        """Write a day's crossings in the order of their time."""
        rows: dict[Province, list[list[str]]] = {province: [] for province in Province}
        for seen in sorted(sightings, key=lambda s: (s.at, s.event_id)):
            device_id, sequence = self._next(seen.checkpoint_id)
            known = {"event_id": seen.event_id, "checkpoint_id": seen.checkpoint_id, "occurred_at": seen.at.isoformat()}
            known |= {"device_id": device_id, "sequence": str(sequence), **seen.cells}
            rows[seen.province].append([known.get(column, "") for column in CROSSINGS.columns])
            self.counts[seen.checkpoint_id] = self.counts.get(seen.checkpoint_id, 0) + 1
        for province, lines in rows.items():
            csv.writer(self._files[province], lineterminator="\n").writerows(lines)

    def _next(self, checkpoint_id: str) -> tuple[str, int]:
        self._turn += 1
        device_id = f"{checkpoint_id.rsplit('-', 1)[1]}-G{1 + self._turn % 3}"
        device = self._devices.setdefault(device_id, _Device())
        device.sequence += 1
        return device_id, device.sequence


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[list[str]]) -> None:
    """A CSV file in UTF-8 with the same line ends on every machine."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_registry(
    directory: Path,
    registrations: Iterable[Registration],
    heartbeats: Iterable[tuple[str, datetime]],
    reports: Iterable[Report],
) -> None:
    """The files of the registries and of the SI-SAGA gateway, rows in the order of their publication."""
    write_csv(directory / "departures.csv", DEPARTURES.columns, (r.cells() for r in registrations))
    write_csv(directory / "heartbeats.csv", HEARTBEATS.columns, ([s, m.isoformat()] for s, m in heartbeats))
    write_csv(directory / "reports.csv", REPORTS.columns, (r.cells() for r in reports))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """A JSON Lines file."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
