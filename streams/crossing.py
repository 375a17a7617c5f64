"""A transit event as the rules see it, from the event while it is in hand, from its row ever after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from schemas import reference
from schemas.records import TransitEvent
from schemas.vocabulary import Direction, DocumentType, Mode, OfficerAction, Province, Purpose, Sex
from streams.packing import (
    ACTIONS,
    BREAK,
    DIRECTIONS,
    DOCUMENT,
    FOREIGN,
    HEAD,
    HELD_BACK,
    INNER,
    MARKS_PLACE,
    MODES,
    NAMED,
    NIK,
    PROVINCE_PLACE,
    PROVINCES,
    PURPOSES,
    SENT_HOME,
    SEXES,
    TYPES,
    UNKNOWN_AGE,
    at_us,
    name_bits,
    ties,
    tokens_of,
)

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
_OFFSETS = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9}
"""Indonesia has had no summer time since 1950, so a fixed offset is exact and cheaper than a zone."""
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock's; it gets its zone below


@lru_cache(maxsize=1024)
def local_hours(checkpoint_id: str) -> int:
    """How many hours the checkpoint's clocks are ahead of UTC."""
    checkpoint = reference.checkpoints().get(checkpoint_id)
    return _OFFSETS.get(checkpoint.tz, 7) if checkpoint else 7


@lru_cache(maxsize=256)
def _zone(offset_seconds: int) -> timezone:
    return timezone(timedelta(seconds=offset_seconds)) if offset_seconds else UTC


class Crossing:
    """A transit event as the rules see it.

    Not a dataclass: one is made for every verdict and for every crossing it is compared with. What few rules ask for
    is worked out when it is asked for; by properties, since a `__getattr__` slows down every other attribute too.
    """

    __slots__ = (
        "_at", "_key", "_name_bits", "_offset_seconds", "age_years", "at_us", "birth_year", "block", "checkpoint_id",
        "destination_country", "direction", "document", "document_type", "event_id", "expires_on", "foreign",
        "from_place", "identity_quality", "is_deportation", "is_refusal", "issue_office", "issued_on", "mode", "named",
        "nationality", "nik", "nik_birth_year", "officer_action", "origin_region", "province", "purpose", "row",
        "service_no", "sex", "ties", "to_place", "tokens",
    )  # fmt: skip

    block: str
    document: bytes
    """Seal of the document's token; `NOTHING` = no number."""
    nik: bytes
    """Seal of the NIK's token."""
    tokens: tuple[bytes, ...]
    """Both, each once, without `NOTHING`."""
    at_us: int
    named: bool
    """Whether a name code was given, readable or not."""
    event_id: str
    province: Province
    checkpoint_id: str
    direction: Direction
    mode: Mode | None
    document_type: DocumentType
    issued_on: date | None
    expires_on: date | None
    issue_office: str | None
    birth_year: int | None
    nik_birth_year: int | None
    age_years: int | None
    sex: Sex | None
    nationality: str | None
    origin_region: str | None
    purpose: Purpose | None
    destination_country: str | None
    to_place: str | None
    from_place: str | None
    service_no: str | None
    officer_action: OfficerAction | None
    identity_quality: Sequence[str]
    ties: str
    """Digits of family card, payer, booking and party with INNER in between; empty where there is none."""
    foreign: bool
    """Whether the traveller is a foreign national; unknown counts as Indonesian."""
    is_deportation: bool
    """Whether the traveller came home by an emergency document, by deportation, or sent back."""
    is_refusal: bool
    """Whether an officer stopped the traveller on the way out."""

    _at: datetime | None
    _key: str | None
    _name_bits: int

    def __init__(self, row: bytes, block: str) -> None:
        (
            _, _, self.document, self.nik, _, self.at_us, self._offset_seconds, issued, expires, born, born_by_nik, age,
            direction, mode, kind, sex, purpose, action, marks, province,
        ) = HEAD.unpack_from(row)  # fmt: skip
        (
            self.event_id, self.checkpoint_id, service, office, region, country, nationality, to_place, from_place,
            quality, self.ties,
        ) = row[PROVINCE_PLACE + 1 :].decode("utf-8", "surrogatepass").split(BREAK)  # fmt: skip
        self.row, self.block, self.tokens = row, block, tokens_of(row)
        self.issued_on = date.fromordinal(issued) if issued else None
        self.expires_on = date.fromordinal(expires) if expires else None
        self.birth_year, self.nik_birth_year = born or None, born_by_nik or None
        self.age_years = None if age == UNKNOWN_AGE else age
        self.direction, self.mode = DIRECTIONS[direction], MODES[mode]
        self.document_type, self.sex = TYPES[kind], SEXES[sex]
        self.purpose, self.officer_action = PURPOSES[purpose], ACTIONS[action]
        self.province = PROVINCES[province]
        self.service_no, self.issue_office, self.origin_region = service or None, office or None, region or None
        self.destination_country, self.nationality = country or None, nationality or None
        self.to_place, self.from_place = to_place or None, from_place or None
        self.identity_quality = quality.split(INNER) if quality else ()
        self.named, self.foreign = marks & NAMED > 0, marks & FOREIGN > 0
        self.is_deportation, self.is_refusal = marks & SENT_HOME > 0, marks & HELD_BACK > 0
        self._at = self._key = None
        self._name_bits = -1

    @classmethod
    def of(cls, event: TransitEvent, row: bytes, tokens: tuple[bytes, ...]) -> Crossing:
        """The crossing of a row whose event is still in hand: the same as from the row, at half the cost."""
        made, told, document = _new(cls), vars(event), vars(event.document)
        marks = row[MARKS_PLACE]
        made.row, made.block, made.tokens = row, told["block"], tokens
        made.document, made.nik = row[DOCUMENT], row[NIK]
        made.at_us, made._at = at_us(row), told["occurred_at"]
        made.event_id, made.province, made.checkpoint_id = told["event_id"], told["province"], told["checkpoint_id"]
        made.direction, made.mode, made.document_type = told["direction"], told["mode"], document["type"]
        made.issued_on, made.expires_on = document["issued_on"], document["expires_on"]
        made.issue_office, made.service_no = document["issue_office"], told["service_no"]
        made.birth_year, made.nik_birth_year = told["birth_year"], told["nik_birth_year"]
        made.age_years, made.sex, made.purpose = told["age_years"], told["sex"], told["purpose"]
        made.origin_region, made.nationality = told["origin_region"], told["nationality"]
        made.destination_country, made.to_place = told["destination_country"], told["to_place"]
        made.from_place = told["from_place"]
        made.officer_action, made.identity_quality = told["officer_action"], told["identity_quality"]
        made.ties = ties(event)
        made.named, made.foreign = marks & NAMED > 0, marks & FOREIGN > 0
        made.is_deportation, made.is_refusal = marks & SENT_HOME > 0, marks & HELD_BACK > 0
        made._key = None
        made._name_bits = -1
        return made

    @property
    def at(self) -> datetime:
        """When it was, with the offset that the province gave."""
        if self._at is None:
            # the wall clock first: a datetime that has a zone is slow to add to
            offset = self._offset_seconds
            wall = _WALL_EPOCH + timedelta(seconds=offset, microseconds=self.at_us)
            self._at = wall.replace(tzinfo=_zone(offset))
        return self._at

    @property
    def local_date(self) -> date:
        """The calendar day at the checkpoint."""
        return date.fromordinal(EPOCH_ORDINAL + (self.at_us + local_hours(self.checkpoint_id) * HOUR_US) // DAY_US)

    @property
    def name_bits(self) -> int:
        """The name code as a number; 0 = no name."""
        if self._name_bits < 0:
            self._name_bits = name_bits(self.row)
        return self._name_bits

    @property
    def key(self) -> str:
        """`<province>/<event_id>`: two provinces may use the same event_id."""
        if self._key is None:
            self._key = f"{self.province.value}/{self.event_id}"
        return self._key


_new = object.__new__
