"""From a row of a departures file to the copies of one registered departure, one under each block of the worker."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from producers.cells import Cells
from producers.messages import Message, key_of
from producers.pseudonymise import (
    NikClaim,
    Qualities,
    check_born,
    compare_with_nik,
    document_token,
    near_dates,
    read_nik_claim,
    remark_atypical,
    usable_name,
)
from producers.rows import Row
from producers.withholding import OwnIdentifiers
from schemas import codec
from schemas.errors import Reason, RecordRejected
from schemas.identity import LinkageKey, TokenKind, block, code_of_words, weak_block
from schemas.records import Departure, Readiness
from schemas.topics import DEPARTURES
from schemas.vocabulary import DepartureEvent, EmployerType, Mode, Quality, Scheme, Sector, Sex, Source

_PAPERS = ("certificate", "opp", "health", "insurance", "permission", "visa")
_ABSENT = frozenset({"false", "no", "tidak", "belum", "-"})
"""What says of a paper that it is not there; every other filled cell says that it is."""
_BETWEEN_PASSPORTS = re.compile(r"[;\n|]")
MAX_PREVIOUS_PASSPORTS = 20
NEAR = Quality.NEAR_BIRTH_DATE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """What the registration says of the worker, as tokens, but for the name and the days that salt its codes."""

    name: tuple[str, ...] | None
    born: date | None
    sex: Sex | None
    passport: str | None
    previous: tuple[str, ...]
    nik: NikClaim


def read_departure(row: Row, *, key: LinkageKey) -> tuple[list[Message], tuple[str, ...]]:
    """The copies of the row's departure, and the warnings about it.

    Raises:
        RecordRejected: the row is refused; the text holds none of its values.
    """
    cells = Cells(row.cells, row.warnings)
    for column in ("departure_id", "event", "source", "name"):
        cells.required(column)
    issued_at = cells.moment("issued_at")
    qualities = Qualities()
    old_numbers = _previous_numbers(cells)
    numbers = [cells.private("passport"), cells.private("nik"), *old_numbers]
    own = OwnIdentifiers(numbers=numbers, names=[cells.private("name")], at=issued_at.date())
    worker = _worker(cells, key, issued_at.date(), old_numbers, qualities)
    departure_id = cells.identifier("departure_id")
    own.check_identifier("departure_id", departure_id)
    texts = {name: _withheld(cells, name, own, qualities) for name in _TEXTS}
    if worker.born is None and worker.nik.born is None:
        qualities.add(Quality.NO_BIRTH_DATE)
    try:
        departure = Departure(
            departure_id=departure_id or "",
            revision=_or_one(cells.integer("revision", below=2**31)),
            event=cells.word("event", DepartureEvent) or DepartureEvent.REGISTERED,
            source=cells.word("source", Source) or Source.LTSA,
            passport_token=worker.passport,
            previous_passport_tokens=worker.previous,
            nik_token=worker.nik.token,
            birth_year=worker.born.year if worker.born else None,
            sex=worker.sex,
            origin_region=cells.region("origin_region") or worker.nik.region,
            scheme=cells.open_word("scheme", Scheme),
            p3mi_valid_to=cells.day("p3mi_valid_to"),
            sector=cells.open_word("sector", Sector),
            employer_type=cells.open_word("employer_type", EmployerType),
            destination_country=cells.country("destination_country"),
            planned_date=cells.day("planned_date"),
            valid_from=cells.day("valid_from"),
            valid_to=_valid_to(cells),
            checkpoint_id=cells.checkpoint("checkpoint_id"),
            mode=cells.open_word("mode", Mode),
            readiness=Readiness(**{name: _present(cells, name) for name in _PAPERS}),
            issued_at=issued_at,
            identity_quality=qualities.values(),
            key_id=key.kid,
            **texts,
        )
    except ValidationError as error:
        codec.refuse(error)
    return _copies(departure, worker, key), tuple(cells.warnings)


_TEXTS = ("p3mi_licence", "training_institution", "ltsa_office")


def _worker(cells: Cells, key: LinkageKey, at: date, old_numbers: list[str], qualities: Qualities) -> _Worker:
    nik = read_nik_claim(key, cells.private("nik"), at, qualities)
    born, sex = cells.day("birth_date"), cells.sex("sex")
    check_born(born, at)
    compare_with_nik(born, sex, nik, qualities)
    if born is None and nik.born is not None:
        born = nik.born
        qualities.add(Quality.BIRTH_DATE_FROM_NIK)
    number = cells.private("passport")
    remark_atypical(number, None, qualities)
    old = (document_token(key, TokenKind.PASSPORT, one, qualities) for one in old_numbers)
    return _Worker(
        name=usable_name(cells.private("name"), qualities),
        born=born,
        sex=sex or nik.sex,
        passport=document_token(key, TokenKind.PASSPORT, number, qualities),
        previous=tuple(dict.fromkeys(found for found in old if found)),
        nik=nik,
    )


def _copies(departure: Departure, worker: _Worker, key: LinkageKey) -> list[Message]:
    """One copy for each block under which a crossing of the worker may come."""
    days = list(dict.fromkeys(day for day in (worker.born, worker.nik.born) if day))
    salted: dict[str | None, date | None] = {block(key, day): day for day in days}
    own = set(salted)
    for day in days:
        for near in near_dates(day):
            salted.setdefault(block(key, near), near)
    near_blocks = salted.keys() - own
    for found in (worker.passport, *worker.previous, worker.nik.token):
        if found is not None:
            salted.setdefault(weak_block(key, found), None)
    if not days:
        salted[None] = None
    return [
        Message(
            topic=DEPARTURES,
            key=key_of(where),
            record=departure.model_copy(
                update={
                    "block": where,
                    "name_code": code_of_words(key, day, worker.name) if worker.name else None,
                    "identity_quality": (*departure.identity_quality, *([NEAR] if where in near_blocks else [])),
                }
            ),
            identifier=f"{departure.departure_id}/{departure.revision}",
            source=f"lintas/{departure.source.value}",
        )
        for where, day in salted.items()
    ]


def _previous_numbers(cells: Cells) -> list[str]:
    text = cells.lines("previous_passports")
    found = [" ".join(part.split()) for part in _BETWEEN_PASSPORTS.split(text or "") if part.strip()]
    if len(found) > MAX_PREVIOUS_PASSPORTS:
        message = f"names more than {MAX_PREVIOUS_PASSPORTS} passports"
        raise RecordRejected(Reason.TOO_LONG, message, field="previous_passports")
    return found


def _valid_to(cells: Cells) -> date | None:
    start, end = cells.day("valid_from"), cells.day("valid_to")
    if start and end and end < start:
        raise RecordRejected(Reason.OUT_OF_RANGE, "lies before valid_from", field="valid_to")
    return end


def _or_one(revision: int | None) -> int:
    return 1 if revision is None else revision


def _present(cells: Cells, column: str) -> bool | None:
    text = cells.text(column)
    return None if text is None else text.lower() not in _ABSENT


def _withheld(cells: Cells, column: str, own: OwnIdentifiers, qualities: Qualities) -> str | None:
    text = cells.text(column)
    if text is not None and own.reveals(text):
        qualities.add(Quality.TEXT_WITHHELD)
        return None
    return text
