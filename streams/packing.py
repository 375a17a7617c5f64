"""How a crossing is held in memory and in a snapshot: one row of bytes."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from datetime import date, datetime, timedelta
from enum import StrEnum
from struct import Struct
from typing import TypeVar

from schemas.identity import code_bits
from schemas.identity.names import MAX_BITS_SET
from schemas.records import TransitEvent
from schemas.vocabulary import Direction, DocumentType, Mode, OfficerAction, Province, Purpose, Sex

LAYOUT = 3
"""Counts the layouts of a row; a snapshot of another one is read from the log again."""
SEAL_BYTES = 21
NOTHING = bytes(SEAL_BYTES)
"""The seal of no document: no token's, since base32 has no digit that base64 reads as zero."""
DIGEST_BYTES = 8
"""So much of a digest decides which of two contents of one crossing stands."""
NAME_BYTES = 64
NO_NAME = bytes(NAME_BYTES)

FOREIGN_EXEMPT = (None, "IDN", "XXX")
STOPPED = frozenset({OfficerAction.REFUSED, OfficerAction.POSTPONED, OfficerAction.RETURNED})

# number of the row, digest, document, NIK, name, microseconds since 1970, UTC offset, issued, expires (ordinals),
# birth year, by NIK, age, direction, mode, document type, sex, purpose, action, marks, province;
# then texts with BREAK between them
HEAD = Struct("<I8s21s21s64sqiIIHHBBBBBBBBB")
_AT = Struct("<q")
_NUMBER = Struct("<I")
DIGEST, DOCUMENT, NIK, NAME = slice(4, 12), slice(12, 33), slice(33, 54), slice(54, 118)
_AT_PLACE, _ISSUED_PLACE, DIRECTION_PLACE, MARKS_PLACE, PROVINCE_PLACE = 118, 130, 143, 149, 150
_BORN, _TYPE_PLACE = slice(138, 140), 145
BREAK, INNER = "\x1f", "\x1e"
"""No text of a record holds control characters."""
_END = b"\x1f"

NAMED, SENT_HOME, HELD_BACK, FOREIGN = 1, 2, 4, 8
"""Marks: a name code was given; came home by deportation; was stopped on the way out; is a foreign national."""
NOTABLE = SENT_HOME | HELD_BACK

E = TypeVar("E", bound=StrEnum)


def _numbered(words: type[E]) -> tuple[tuple[E | None, ...], dict[E | None, int]]:
    """The words of a vocabulary by number, and back; 0 is unknown."""
    known: tuple[E | None, ...] = (None, *words)
    return known, {word: number for number, word in enumerate(known)}


DIRECTIONS, _DIRECTION = _numbered(Direction)
MODES, _MODE = _numbered(Mode)
TYPES, _TYPE = _numbered(DocumentType)
SEXES, _SEX = _numbered(Sex)
PURPOSES, _PURPOSE = _numbered(Purpose)
ACTIONS, _ACTION = _numbered(OfficerAction)
PROVINCES, _PROVINCE = _numbered(Province)
OUT, INWARD, DOMESTIC = (_DIRECTION[d] for d in (Direction.OUT, Direction.IN, Direction.DOMESTIC))
VOCABULARY = ",".join(
    word for words in (Direction, Mode, DocumentType, Sex, Purpose, OfficerAction, Province) for word in words
)
"""Numbers follow the vocabularies' order: a snapshot made under another one is not read."""
UNKNOWN_AGE = 255

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_UNBORN = bytes(2)
_OF_ONE = frozenset(_TYPE[t] for t in (DocumentType.PASSPORT, DocumentType.KTP, DocumentType.PLB))
"""An emergency document may stand for a whole group."""
_IN, _SPLP = Direction.IN, DocumentType.SPLP  # a member of an Enum takes three times as long to find
_DEPORTATION, _RETURNED = Purpose.DEPORTATION, OfficerAction.RETURNED


def seal(token: str | None) -> bytes:
    """What stands for a token inside a lane: of fixed length, equal where the tokens are.

    The 26 base32 digits, read as if they were base64: the fastest way to halve them. The key's name is left out, since
    tokens under two keys have no digits in common.
    """
    return a2b_base64(token[-26:] + "AA") if token else NOTHING


def name_bytes(code: str | None) -> bytes:
    """A name code as bytes, `NO_NAME` where there is none or it cannot be one: what `code_bits` says, sooner."""
    if not code:
        return NO_NAME
    if len(code) != 86:
        return code_bits(code).to_bytes(NAME_BYTES, "big")
    try:
        raw = a2b_base64(code.replace("-", "+").replace("_", "/") + "==", strict_mode=True)
    except ValueError:
        return NO_NAME
    return raw if int.from_bytes(raw, "big").bit_count() <= MAX_BITS_SET else NO_NAME


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970."""
    return _us(moment, _seconds(moment.utcoffset()))


def _us(moment: datetime, offset_seconds: int) -> int:
    # by its parts: a difference of two datetimes asks both zones for their offset, and costs three times as much
    days = moment.toordinal() - _EPOCH_ORDINAL
    seconds = (days * 24 + moment.hour) * 3600 + moment.minute * 60 + moment.second - offset_seconds
    return seconds * 1_000_000 + moment.microsecond


def pack(event: TransitEvent, digest: bytes, number: int = 0) -> bytes:
    """A transit event as the row of that number; holds what rules and verdicts ask for, and no more."""
    # the dict and not the attributes: pydantic looks each of them up in a way of its own, two dozen times here
    told, document = vars(event), vars(event.document)
    code, action, direction, kind = told["name_code"], told["officer_action"], told["direction"], document["type"]
    at, issued, expires, age = told["occurred_at"], document["issued_on"], document["expires_on"], told["age_years"]
    offset = at.utcoffset()
    offset_seconds = _seconds(offset) if offset else 0
    marks = 0 if code is None else NAMED
    if direction is _IN:
        if kind is _SPLP or told["purpose"] is _DEPORTATION or action is _RETURNED:
            marks |= SENT_HOME
    elif action in STOPPED:
        marks |= HELD_BACK
    if told["nationality"] not in FOREIGN_EXEMPT:
        marks |= FOREIGN
    document_token, nik_token, quality = document["token"], told["nik_token"], told["identity_quality"]
    return (
        HEAD.pack(
            number,
            digest[:DIGEST_BYTES],
            a2b_base64(document_token[-26:] + "AA") if document_token else NOTHING,  # `seal`, without the call
            a2b_base64(nik_token[-26:] + "AA") if nik_token else NOTHING,
            name_bytes(code),
            _us(at, offset_seconds),
            offset_seconds,
            issued.toordinal() if issued else 0,
            expires.toordinal() if expires else 0,
            told["birth_year"] or 0,
            told["nik_birth_year"] or 0,
            UNKNOWN_AGE if age is None else age,
            _DIRECTION[direction],
            _MODE[told["mode"]],
            _TYPE[kind],
            _SEX[told["sex"]],
            _PURPOSE[told["purpose"]],
            _ACTION[action],
            marks,
            _PROVINCE[told["province"]],
        )
        + (
            f"{told['event_id']}\x1f{told['checkpoint_id']}\x1f{told['service_no'] or ''}\x1f"
            f"{document['issue_office'] or ''}\x1f{told['origin_region'] or ''}\x1f"
            f"{told['destination_country'] or ''}\x1f"
            f"{told['nationality'] or ''}\x1f{told['to_place'] or ''}\x1f"
            f"{told['from_place'] or ''}\x1f{INNER.join(quality) if quality else ''}\x1f{ties(event)}"
        ).encode("utf-8", "surrogatepass")
    )


def _seconds(offset: timedelta | None) -> int:
    return offset.days * 86_400 + offset.seconds if offset else 0


def ties(event: TransitEvent) -> str:
    """The digits of the tokens that tie travellers to each other: family card, payer, booking and party."""
    told = vars(event)
    kk, payer, booking, party = told["kk_token"], told["payer_token"], told["booking_token"], told["party_token"]
    if not (kk or payer or booking or party):
        return ""
    return INNER.join([token[-26:] if token else "" for token in (kk, payer, booking, party)])


def digits(seal: bytes) -> str | None:
    """The token's digits of a seal; None = no token."""
    return None if seal == NOTHING else b2a_base64(seal)[:26].decode()


def numbered(number: int, body: bytes) -> bytes:
    """The row of that number."""
    return _NUMBER.pack(number) + body


def number_of(row: bytes) -> int:
    """The row's number in its lane."""
    number: int = _NUMBER.unpack_from(row)[0]
    return number


def body_of(row: bytes) -> bytes:
    """The row without its number."""
    return row[_NUMBER.size :]


def key_of(row: bytes) -> bytes:
    """What tells crossings of one block apart: the province and its event_id."""
    return row[PROVINCE_PLACE : row.index(_END, PROVINCE_PLACE + 1) + 1]


def key_for(province: Province, event_id: str) -> bytes:
    """The key of a crossing of that name."""
    return bytes([_PROVINCE[province]]) + event_id.encode("utf-8", "surrogatepass") + _END


def has_key(row: bytes, key: bytes) -> bool:
    """Whether a row is of that crossing."""
    return row.startswith(key, PROVINCE_PLACE)


def tokens_of(row: bytes) -> tuple[bytes, ...]:
    """Seals of document and NIK, those that tie crossings to one person, each once."""
    document, nik = row[DOCUMENT], row[NIK]
    if nik in (NOTHING, document):
        return () if document == NOTHING else (document,)
    return (nik,) if document == NOTHING else (document, nik)


def shows_own(row: bytes) -> bool:
    """Whether a document was shown that is one person's, by somebody whose birth date is known."""
    return row[_TYPE_PLACE] in _OF_ONE and row[_BORN] != _UNBORN and row[DOCUMENT] != NOTHING


def has_token(row: bytes, token: bytes) -> bool:
    """Whether a row is under that document number."""
    return row[DOCUMENT] == token or row[NIK] == token


def at_us(row: bytes) -> int:
    """When the crossing was, microseconds since 1970."""
    moment: int = _AT.unpack_from(row, _AT_PLACE)[0]
    return moment


def issued_ordinal(row: bytes) -> int:
    """The day on which the document was issued, by the proleptic calendar; 0 = unknown."""
    return int.from_bytes(row[_ISSUED_PLACE : _ISSUED_PLACE + 4], "little")


def marks_of(row: bytes) -> int:
    """The marks of a row."""
    return row[MARKS_PLACE]


def direction_of(row: bytes) -> int:
    """The number of the direction: `OUT`, `INWARD` or `DOMESTIC`."""
    return row[DIRECTION_PLACE]


def is_out(row: bytes) -> bool:
    """Whether the traveller left the country."""
    return row[DIRECTION_PLACE] == OUT


def name_bits(row: bytes) -> int:
    """The name code as a number; 0 = no name."""
    return int.from_bytes(row[NAME], "big")
