"""From a row of a reports file to a community report: the person looked for, and nothing of who reported."""

from __future__ import annotations

from pydantic import ValidationError

from producers.cells import Cells
from producers.messages import Message, key_of
from producers.pseudonymise import Qualities, check_born, document_token, read_nik_claim, usable_name
from producers.rows import Row
from producers.withholding import OwnIdentifiers
from schemas import codec
from schemas.errors import Reason, RecordRejected
from schemas.identity import LinkageKey, TokenKind, block, code_of_words
from schemas.records import CommunityReport
from schemas.topics import REPORTS, SISAGA
from schemas.vocabulary import ReportKind


def read_report(row: Row, *, key: LinkageKey) -> tuple[Message, tuple[str, ...]]:
    """The report of a row, under the person's block, or for every partition where no birth date is known.

    Raises:
        RecordRejected: the row is refused; the text holds none of its values.
    """
    cells = Cells(row.cells, row.warnings)
    cells.required("case_id")
    reported_at = cells.moment("reported_at")
    at = reported_at.date()
    qualities = Qualities()  # reports carry none: a case is no document whose contradictions count
    written, number, nik_text = (cells.private(column) for column in ("name", "passport", "nik"))
    case_id = cells.identifier("case_id")
    OwnIdentifiers(numbers=[number, nik_text], names=[written], at=at).check_identifier("case_id", case_id)
    nik = read_nik_claim(key, nik_text, at, qualities)
    passport = document_token(key, TokenKind.PASSPORT, number, qualities)
    born = cells.day("birth_date")
    check_born(born, at)
    born = born or nik.born
    name = usable_name(written, qualities)
    if name is None and passport is None and nik.token is None:
        raise RecordRejected(Reason.NO_IDENTITY, "neither a name nor a usable document number")
    where = block(key, born) if born else None
    try:
        report = CommunityReport(
            case_id=case_id or "",
            reported_at=reported_at,
            kind=cells.open_word("kind", ReportKind),
            block=where,
            passport_token=passport,
            nik_token=nik.token,
            name_code=code_of_words(key, born, name) if name else None,
            birth_year=born.year if born else None,
            sex=cells.sex("sex") or nik.sex,
            origin_region=cells.region("origin_region") or nik.region,
            checkpoint_id=cells.checkpoint("checkpoint_id"),
            destination_country=cells.country("destination_country"),
            key_id=key.kid,
        )
    except ValidationError as error:
        codec.refuse(error)
    message = Message(
        topic=REPORTS, key=key_of(where), record=report, identifier=report.case_id, source=f"lintas/{SISAGA}"
    )
    return message, tuple(cells.warnings)
