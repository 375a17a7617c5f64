"""From a row of a crossings file to the transit event of a province."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from producers.cells import Cells
from producers.messages import Message, key_of, row_digest
from producers.pseudonymise import (
    NikClaim,
    Qualities,
    check_born,
    compare_with_nik,
    contradicts,
    crossing_block,
    document_token,
    full_years,
    group_token,
    read_nik_claim,
    remark_atypical,
    sure,
    usable_name,
)
from producers.rows import Row
from producers.withholding import OwnIdentifiers
from schemas import codec, reference
from schemas.errors import Reason, RecordRejected
from schemas.identity import LinkageKey, MachineReadable, TokenKind, code_of_words, read_mrz
from schemas.records import Document, TransitEvent
from schemas.topics import transit_topic
from schemas.vocabulary import Direction, DocumentType, Mode, OfficerAction, Province, Purpose, Quality, Sex

TOKEN_KINDS = {DocumentType.SPLP: TokenKind.SPLP, DocumentType.PLB: TokenKind.PLB}
"""Every other document is looked for among the passports, so that a wrong word for a passport still finds it."""
NIK_DIGITS = 16
MRZ_REPAIRED = f"{Quality.MRZ_REPAIRED.value}:mrz"
"""The warning of a row whose zone was mended when it was scanned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traveller:
    """What a row says of its traveller; raw, so it never leaves this module."""

    name: tuple[str, ...] | None = field(repr=False)
    """In its plainest spelling."""
    born: date | None = field(repr=False)
    sex: Sex | None
    nationality: str | None
    document: dict[str, Any]
    """The fields of `Document` but for the office."""
    nik: NikClaim


def read_crossing(row: Row, *, key: LinkageKey, province: Province | None) -> tuple[Message, tuple[str, ...]]:
    """The transit event of a row, and the warnings about it.

    Raises:
        RecordRejected: the row is refused; the text holds none of its values.
    """
    cells = Cells(row.cells, row.warnings)
    cells.required("checkpoint_id")
    checkpoint_id, home = _place(cells, province)
    occurred_at = cells.moment("occurred_at")
    at = occurred_at.astimezone(_zone(checkpoint_id)).date()
    cells.required("direction")
    qualities = Qualities()
    zone = _zone_of(cells, at, qualities)
    own = _own_identifiers(cells, zone, at)
    traveller = _traveller(cells, zone, key, at, qualities)
    block = crossing_block(key, traveller.born, _by_strength(traveller), traveller.name, qualities)
    event_id = cells.identifier("event_id")
    device_id = cells.identifier("device_id")
    own.check_identifier("event_id", event_id)
    own.check_identifier("device_id", device_id)
    own.check_identifier("sequence", cells.text("sequence"))
    texts = {name: _withheld(cells, name, own, qualities) for name in _TEXTS}
    office = texts.pop("issue_office")
    try:
        event = TransitEvent(
            event_id=event_id or f"row-{row_digest(key, 'crossings', row.cells)[:32]}",
            province=home,
            checkpoint_id=checkpoint_id,
            device_id=device_id,
            sequence=cells.integer("sequence", below=2**63),
            occurred_at=occurred_at,
            direction=cells.word("direction", Direction) or Direction.OUT,
            mode=cells.open_word("mode", Mode),
            document=Document(issue_office=office, **traveller.document),
            nik_token=traveller.nik.token,
            kk_token=group_token(key, TokenKind.KK, cells.private("kk")),
            name_code=code_of_words(key, traveller.born, traveller.name) if traveller.name else None,
            block=block,
            birth_year=traveller.born.year if traveller.born else None,
            nik_birth_year=traveller.nik.born.year if traveller.nik.born else None,
            age_years=full_years(traveller.born, at) if traveller.born else None,
            sex=traveller.sex,
            nationality=traveller.nationality,
            origin_region=traveller.nik.region,
            purpose=cells.open_word("purpose", Purpose),
            destination_country=cells.country("destination_country"),
            payer_token=group_token(key, TokenKind.PAYER, cells.private("payer")),
            booking_token=group_token(key, TokenKind.BOOKING, cells.private("booking")),
            party_token=group_token(key, TokenKind.PARTY, cells.private("party")),
            officer_action=cells.open_word("officer_action", OfficerAction),
            identity_quality=qualities.values(),
            key_id=key.kid,
            **texts,
        )
    except ValidationError as error:
        codec.refuse(error)
    message = Message(
        topic=transit_topic(home),
        key=key_of(block),
        record=event,
        identifier=f"{home.value}/{event.event_id}",
        source=f"lintas/{home.value}",
    )
    return message, tuple(cells.warnings)


_TEXTS = ("carrier", "service_no", "from_place", "to_place", "destination_place", "issue_office")


def _place(cells: Cells, province: Province | None) -> tuple[str, Province]:
    checkpoint_id = cells.checkpoint("checkpoint_id") or ""
    home = reference.province_of(checkpoint_id)
    if home is None or (province is not None and home is not province):
        wanted = province.value if province else "a transit province"
        raise RecordRejected(Reason.WRONG_PROVINCE, f"does not belong to {wanted}", field="checkpoint_id")
    return checkpoint_id, home


@cache
def _zone(checkpoint_id: str) -> ZoneInfo:
    return ZoneInfo(reference.checkpoints()[checkpoint_id].tz)


def _zone_of(cells: Cells, at: date, qualities: Qualities) -> MachineReadable:
    text = cells.lines("mrz")
    if text is None:
        return MachineReadable(problem="none")
    zone = read_mrz(text, at)
    if MRZ_REPAIRED in cells.warnings:
        qualities.add(Quality.MRZ_REPAIRED)
    if zone.problem:
        qualities.add(Quality.MRZ_UNREADABLE)
    elif not zone.ok:
        qualities.add(Quality.MRZ_CHECK_FAILED)
    return zone


def _own_identifiers(cells: Cells, zone: MachineReadable, at: date) -> OwnIdentifiers:
    numbers = [cells.private(name) for name in ("document_number", "nik", "kk", "payer")]
    return OwnIdentifiers(numbers=[*numbers, zone.number], names=[cells.private("name"), zone.name], at=at)


def _traveller(cells: Cells, zone: MachineReadable, key: LinkageKey, at: date, qualities: Qualities) -> _Traveller:
    written, number = cells.private("name"), cells.private("document_number")
    nik_text = cells.private("nik")
    if written is None and number is None and nik_text is None and zone.problem:
        raise RecordRejected(Reason.NO_IDENTITY, "neither a name nor a document number")
    if not zone.problem and contradicts(cells, zone, name=written, number=number):
        qualities.add(Quality.MRZ_CONTRADICTS_ROW)
    nationality = cells.nationality("nationality") or _nation(zone)
    kind = _document_type(cells, zone, number)
    if kind is DocumentType.KTP:
        nik_text, card = nik_text or number, number
    else:
        card = None
    nik = read_nik_claim(key, nik_text, at, qualities)
    born = cells.day("birth_date")
    check_born(born, at)
    if born is None and sure(zone, "birth_date") and zone.birth_date:
        born = zone.birth_date
        qualities.add(Quality.BIRTH_DATE_FROM_MRZ)
    sex = cells.sex("sex") or zone.sex
    compare_with_nik(born, sex, nik, qualities)
    if born is None and nik.born:
        born = nik.born
        qualities.add(Quality.BIRTH_DATE_FROM_NIK)
    if kind is DocumentType.KTP:
        of_card = nik if card is None or card == nik_text else read_nik_claim(key, card, at, qualities)
        document = of_card.token
    else:
        document = _document_token(key, kind, number, zone, nationality, qualities)
    expires_on = cells.day("expires_on") or (zone.expires_on if sure(zone, "expires_on") else None)
    return _Traveller(
        name=usable_name(written or (zone.name or None), qualities),
        born=born,
        sex=sex or nik.sex,
        nationality=nationality,
        document={
            "type": kind,
            "token": document,
            "issued_on": cells.day("issued_on"),
            "expires_on": expires_on,
            "mrz_ok": zone.ok if cells.has("mrz") else None,
        },
        nik=nik,
    )


def _document_token(
    key: LinkageKey,
    kind: DocumentType,
    number: str | None,
    zone: MachineReadable,
    nationality: str | None,
    qualities: Qualities,
) -> str | None:
    """The row's number, and the zone's where the row has none that can be used."""
    token_kind = TOKEN_KINDS.get(kind, TokenKind.PASSPORT)
    found = document_token(key, token_kind, number, qualities)
    if found is None and sure(zone, "number"):
        number = zone.number
        found = document_token(key, token_kind, number, qualities)
    if kind is DocumentType.PASSPORT:
        remark_atypical(number, nationality, qualities)
    return found


def _document_type(cells: Cells, zone: MachineReadable, number: str | None) -> DocumentType:
    said = cells.open_word("document_type", DocumentType)
    if said is not None:
        return said
    if not zone.problem:
        return DocumentType.PASSPORT if zone.document_type.startswith("P") else DocumentType.OTHER
    if number is None:
        return DocumentType.NONE
    digits = "".join(c for c in number if c.isalnum())
    return DocumentType.KTP if len(digits) == NIK_DIGITS and digits.isdigit() else DocumentType.PASSPORT


def _nation(zone: MachineReadable) -> str | None:
    return zone.nationality if zone.nationality.isalpha() and zone.nationality.isascii() else None


def _by_strength(traveller: _Traveller) -> tuple[str | None, ...]:
    document: str | None = traveller.document["token"]
    return document if traveller.document["type"] is not DocumentType.KTP else None, traveller.nik.token, document


@lru_cache(maxsize=4096)
def _place_code(text: str) -> str | None:
    """The code of a place of the reference list; None = free text."""
    code = text.upper()
    return code if code in reference.checkpoints() or reference.place_country(text) is not None else None


def _withheld(cells: Cells, column: str, own: OwnIdentifiers, qualities: Qualities) -> str | None:
    text = cells.text(column)
    if text is None:
        return None
    if (place := _place_code(text)) is not None:
        return place
    if own.reveals(text):
        qualities.add(Quality.TEXT_WITHHELD)
        return None
    return text
