"""From what a row says of a person to tokens, a name code and a block; raw values live as long as the row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from producers.cells import Cells
from schemas.errors import Reason, RecordRejected
from schemas.identity import (
    LinkageKey,
    MachineReadable,
    Nik,
    TokenKind,
    Validity,
    block,
    code_of_words,
    normalise,
    normalise_name,
    read_nik,
    token,
    token_of_normal,
    weak_block,
)
from schemas.vocabulary import Quality, Sex

MAX_DOCUMENT_NUMBER = 20
MAX_AGE_YEARS = 130
_ASSUMED_DAYS = frozenset({(1, 1), (7, 1), (12, 31)})
"""Month and day that offices write where nobody knows the birthday."""
_NOT_A_PAYER = frozenset(
    {"CASH", "TUNAI", "SENDIRI", "SELF", "NONE", "NIHIL", "NULL", "NA", "UNKNOWN", "TIDAKADA", "TIDAKTAHU", "KARTU"}
)
"""What clerks write where they know no payer; as tokens they would tie all such travellers together."""
_NOT_ALNUM = re.compile(r"[\W_]")
_PASSPORT_OF_INDONESIA = re.compile(r"[A-Z]{1,2}\d{6,7}", re.ASCII)


@dataclass(slots=True)
class Qualities:
    """What was noticed about an identity, each once, in the order of notice."""

    _found: dict[Quality, None] = field(default_factory=dict)

    def add(self, quality: Quality) -> None:
        """Remember one."""
        self._found[quality] = None

    def values(self) -> tuple[str, ...]:
        """As they travel in `identity_quality`."""
        return tuple([quality.value for quality in self._found])


@dataclass(frozen=True, slots=True, kw_only=True)
class NikClaim:
    """What a NIK says, where it is one."""

    token: str | None = None
    region: str | None = None
    born: date | None = None
    sex: Sex | None = None


NO_NIK = NikClaim()


def read_nik_claim(key: LinkageKey, text: str | None, at: date, qualities: Qualities) -> NikClaim:
    """A NIK as token and what it says; an invalid one is no token and a remark."""
    if text is None:
        return NO_NIK
    nik: Nik = read_nik(text, at)
    if nik.validity is Validity.INVALID or nik.digits is None:
        qualities.add(Quality.NIK_INVALID)
        return NO_NIK
    if nik.validity is Validity.SUSPECT:
        qualities.add(Quality.NIK_SUSPECT)
    elif nik.validity is Validity.HISTORIC:
        qualities.add(Quality.NIK_HISTORIC)
    return NikClaim(
        token=token(key, TokenKind.NIK, nik.digits), region=nik.origin_region, born=nik.birth_date, sex=nik.sex
    )


def check_born(born: date | None, at: date) -> None:
    """Refuse a birth date after the event, or so long before it that nobody lives so long.

    Raises:
        RecordRejected: out of range.
    """
    if born is None:
        return
    if born > at:
        raise RecordRejected(Reason.OUT_OF_RANGE, "lies after the event", field="birth_date")
    if full_years(born, at) > MAX_AGE_YEARS:
        message = f"lies more than {MAX_AGE_YEARS} years before the event"
        raise RecordRejected(Reason.OUT_OF_RANGE, message, field="birth_date")


def full_years(born: date, at: date) -> int:
    """Age in full years."""
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def near_dates(born: date) -> tuple[date, ...]:
    """The dates that clerks make of a birth date most: day and month exchanged, the year off by one.

    None for the days that stand for an unknown one: the neighbouring years' are other people's, and crowded.
    """
    if (born.month, born.day) in _ASSUMED_DAYS:
        return ()
    found = [date(born.year, born.day, born.month)] if born.day <= 12 and born.day != born.month else []
    for year in (born.year - 1, born.year + 1):
        # 29 February has no such neighbour
        if (born.month, born.day) != (2, 29):
            found.append(born.replace(year=year))
    return tuple(found)


def compare_with_nik(born: date | None, sex: Sex | None, nik: NikClaim, qualities: Qualities) -> None:
    """Remark where what else is known contradicts the NIK."""
    if nik.born is not None and born is not None and born != nik.born:
        qualities.add(Quality.BIRTH_DATE_CONTRADICTS_NIK)
    if nik.sex is not None and sex in (Sex.F, Sex.M) and sex is not nik.sex:
        qualities.add(Quality.SEX_CONTRADICTS_NIK)


def document_token(key: LinkageKey, kind: TokenKind, number: str | None, qualities: Qualities) -> str | None:
    """The token of a document number; a malformed one is no token and a remark."""
    if number is None:
        return None
    normal = normalise(kind, number)
    if normal is None or len(normal) > MAX_DOCUMENT_NUMBER:
        qualities.add(Quality.DOCUMENT_NUMBER_INVALID)
        return None
    return token_of_normal(key, kind, normal)


def remark_atypical(number: str | None, nationality: str | None, qualities: Qualities) -> None:
    """Remark a passport number that no Indonesian passport has."""
    if number is None or nationality not in (None, "IDN"):
        return
    normal = normalise(TokenKind.PASSPORT, number)
    if normal is not None and len(normal) <= MAX_DOCUMENT_NUMBER and not _PASSPORT_OF_INDONESIA.fullmatch(normal):
        qualities.add(Quality.DOCUMENT_NUMBER_ATYPICAL)


def group_token(key: LinkageKey, kind: TokenKind, value: str | None) -> str | None:
    """The token of what ties travellers together: a payer, booking, party or family card."""
    if value is None or _NOT_ALNUM.sub("", value.upper()) in _NOT_A_PAYER:
        return None
    if kind is TokenKind.KK and len(normalise(kind, value) or "") != 16:
        return None
    return token(key, kind, value)


def usable_name(name: str | None, qualities: Qualities) -> tuple[str, ...] | None:
    """The words of the name in their plainest spelling, if it has letters."""
    words = normalise_name(name) if name is not None else ()
    if words:
        return words
    qualities.add(Quality.NO_NAME)
    return None


def contradicts(cells: Cells, zone: MachineReadable, *, name: str | None, number: str | None) -> bool:
    """Whether the machine readable zone says something else than the row, where both say something.

    Names count as different when they share no word: zones cut names and spell them in their own way.
    """
    if number is not None and sure(zone, "number") and zone.number is not None:
        kind = TokenKind.PASSPORT
        if normalise(kind, number) != normalise(kind, zone.number):
            return True
    born, expires = cells.day("birth_date"), cells.day("expires_on")
    if born and zone.birth_date and sure(zone, "birth_date") and born != zone.birth_date:
        return True
    if expires and zone.expires_on and sure(zone, "expires_on") and expires != zone.expires_on:
        return True
    sex, nation = cells.sex("sex"), cells.nationality("nationality")
    if sex in (Sex.F, Sex.M) and zone.sex in (Sex.F, Sex.M) and sex is not zone.sex:
        return True
    if nation and zone.nationality and nation != zone.nationality:
        return True
    ours, theirs = set(normalise_name(name or "")), set(normalise_name(zone.name))
    return bool(ours and theirs and not ours & theirs)


def sure(zone: MachineReadable, part: str) -> bool:
    """Whether a part of a zone was read and its own check digit fits."""
    return not zone.problem and zone.checks.get(part, True)


def crossing_block(
    key: LinkageKey, born: date | None, tokens: Iterable[str | None], name: tuple[str, ...] | None, qualities: Qualities
) -> str:
    """The one block of a crossing; `tokens` in order of strength.

    Raises:
        RecordRejected: nothing is known by which the person could be met again.
    """
    if born is not None:
        return block(key, born)
    qualities.add(Quality.NO_BIRTH_DATE)
    for strongest in tokens:
        if strongest is not None:
            return weak_block(key, strongest)
    code = code_of_words(key, None, name) if name else None
    if code is None:
        raise RecordRejected(Reason.NO_IDENTITY, "neither a name nor a usable document number")
    return weak_block(key, code)
