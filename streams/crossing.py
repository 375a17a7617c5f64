"""A transit event as the rules see it, read from its row field by field when a rule asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from schemas import reference
from schemas.vocabulary import Direction, DocumentType, Mode, OfficerAction, Province, Purpose, Sex
from streams.packing import (
    ACTIONS,
    BREAK,
    DIRECTIONS,
    FOREIGN,
    HEAD,
    HELD_BACK,
    INNER,
    MODES,
    NAMED,
    PROVINCE_PLACE,
    PROVINCES,
    PURPOSES,
    SENT_HOME,
    SEXES,
    TYPES,
    UNKNOWN_AGE,
    name_bits,
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
    is read when it is first asked for.
    """

    __slots__ = (
        "_offset_seconds", "age_years", "at", "at_us", "birth_year", "block", "checkpoint_id",
        "destination_country", "direction", "document", "document_type", "event_id", "expires_on", "foreign",
        "identity_quality", "is_deportation", "is_refusal", "issue_office", "issued_on", "key", "local_date", "mode",
        "name_bits", "named", "nationality", "nik", "nik_birth_year", "officer_action", "origin_region", "province",
        "purpose", "row", "service_no", "sex", "to_place", "tokens",
    )  # fmt: skip

    block: str
    document: bytes
    """Seal of the document's token; `NOTHING` = no number."""
    nik: bytes
    """Seal of the NIK's token."""
    tokens: tuple[bytes, ...]
    """Both, each once, without `NOTHING`."""
    at_us: int
    at: datetime
    local_date: date
    """The calendar day at the checkpoint."""
    name_bits: int
    """0 = no name."""
    named: bool
    """Whether a name code was given, readable or not."""
    key: str
    """`<province>/<event_id>`: two provinces may use the same event_id."""
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
    service_no: str | None
    officer_action: OfficerAction | None
    identity_quality: Sequence[str]
    foreign: bool
    """Whether the traveller is a foreign national; unknown counts as Indonesian."""
    is_deportation: bool
    """Whether the traveller came home by an emergency document, by deportation, or sent back."""
    is_refusal: bool
    """Whether an officer stopped the traveller on the way out."""

    def __init__(self, row: bytes, block: str) -> None:
        (
            _, _, document, nik, _, self.at_us, self._offset_seconds, issued, expires, born, born_by_nik, age,
            direction, mode, kind, sex, purpose, action, marks, province,
        ) = HEAD.unpack_from(row)  # fmt: skip
        self.row, self.block, self.document, self.nik = row, block, document, nik
        self.issued_on = date.fromordinal(issued) if issued else None
        self.expires_on = date.fromordinal(expires) if expires else None
        self.birth_year, self.nik_birth_year = born or None, born_by_nik or None
        self.age_years = None if age == UNKNOWN_AGE else age
        self.direction, self.mode = DIRECTIONS[direction], MODES[mode]
        self.document_type, self.sex = TYPES[kind], SEXES[sex]
        self.purpose, self.officer_action = PURPOSES[purpose], ACTIONS[action]
        self.province = PROVINCES[province]
        self.named = marks & NAMED > 0
        self.is_deportation, self.is_refusal = marks & SENT_HOME > 0, marks & HELD_BACK > 0
        self.foreign = marks & FOREIGN > 0

    def __getattr__(self, name: str) -> object:
        """Read what was not asked for before."""
        fill = _LATER.get(name)
        if fill is None:
            raise AttributeError(name)
        fill(self)
        return object.__getattribute__(self, name)

    def _read_tail(self) -> None:
        (
            self.event_id, self.checkpoint_id, service, office, region, country, nationality, to_place, quality,
        ) = self.row[PROVINCE_PLACE + 1 :].decode("utf-8", "surrogatepass").split(BREAK)  # fmt: skip
        self.service_no, self.issue_office, self.origin_region = service or None, office or None, region or None
        self.destination_country, self.nationality, self.to_place = (
            country or None,
            nationality or None,
            to_place or None,
        )
        self.identity_quality = quality.split(INNER) if quality else ()

    def _read_name(self) -> None:
        self.name_bits = name_bits(self.row)

    def _read_tokens(self) -> None:
        self.tokens = tokens_of(self.row)

    def _read_key(self) -> None:
        self.key = f"{self.province.value}/{self.event_id}"

    def _read_at(self) -> None:
        # the wall clock first: a datetime that has a zone is slow to add to
        offset = self._offset_seconds
        wall = _WALL_EPOCH + timedelta(seconds=offset, microseconds=self.at_us)
        self.at = wall.replace(tzinfo=_zone(offset))

    def _read_local_date(self) -> None:
        hours = local_hours(self.checkpoint_id)
        self.local_date = date.fromordinal(EPOCH_ORDINAL + (self.at_us + hours * HOUR_US) // DAY_US)


_TAIL = (
    "event_id", "checkpoint_id", "service_no", "issue_office", "origin_region", "destination_country", "nationality",
    "to_place", "identity_quality",
)  # fmt: skip
_LATER: Mapping[str, Callable[[Crossing], None]] = dict.fromkeys(_TAIL, Crossing._read_tail) | {
    "name_bits": Crossing._read_name,
    "tokens": Crossing._read_tokens,
    "key": Crossing._read_key,
    "at": Crossing._read_at,
    "local_date": Crossing._read_local_date,
}
"""What is read when it is first asked for."""
