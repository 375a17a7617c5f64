"""Reads the cells of one row in their documented forms; what cannot be read refuses the row by reason and column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, TypeVar

from producers import countries
from schemas import reference
from schemas.errors import Reason, RecordRejected
from schemas.vocabulary import Sex

MAX_TEXT: Final = 200
MAX_IDENTIFIER: Final = 128
MAX_MRZ: Final = 400
FIRST_YEAR_OF_DATES: Final = 1900
"""Excel's day zero is 1899-12-31: such a date was an empty cell or a bare number."""
FIRST_YEAR_OF_TIMES: Final = 1990
LAST_YEAR: Final = 2100
MAX_OFFSET: Final = timedelta(hours=14)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DIGITS = re.compile(r"\d{1,20}", re.ASCII)
_REGION = re.compile(r"\d{2}(\d{2}(\d{2}(\d{4})?)?)?", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SEXES = {
    "L": Sex.M,
    "M": Sex.M,
    "L/M": Sex.M,
    "MALE": Sex.M,
    "LAKI-LAKI": Sex.M,
    "LAKI_LAKI": Sex.M,
    "F": Sex.F,
    "P": Sex.F,
    "P/F": Sex.F,
    "FEMALE": Sex.F,
    "PEREMPUAN": Sex.F,
    "X": Sex.X,
    "<": Sex.X,
}
"""The letters of MRZ and those of Indonesian documents: L(aki-laki), P(erempuan)."""

W = TypeVar("W", bound=StrEnum)


class Cells:
    """One row's cells, asked by column; `warnings` collects what was read as something else than it says."""

    __slots__ = ("_cells", "warnings")

    def __init__(self, cells: Mapping[str, str], warnings: tuple[str, ...] = ()) -> None:
        self._cells = cells
        self.warnings = list(warnings)

    def has(self, column: str) -> bool:
        """Whether the cell is filled."""
        return column in self._cells

    def required(self, column: str) -> str:
        """The text of a cell that must be filled."""
        value = self._cells.get(column)
        if value is None:
            raise RecordRejected(Reason.MISSING_FIELD, "is empty", field=column)
        return value

    def text(self, column: str, limit: int = MAX_TEXT) -> str | None:
        """Text that may be published, once it is known to hold no identity."""
        value = self._cells.get(column)
        return None if value is None else _plain(value, column, limit)

    def identifier(self, column: str) -> str | None:
        """A partner's own id of something."""
        return self.text(column, MAX_IDENTIFIER)

    def private(self, column: str) -> str | None:
        """Text about a person, which never leaves as such; line breaks and tabs in it are blanks."""
        value = self._cells.get(column)
        if value is None:
            return None
        if value.isprintable() and len(value) <= MAX_TEXT:
            return value
        return _plain(" ".join(value.split()), column, MAX_TEXT) or None

    def lines(self, column: str) -> str | None:
        """A machine readable zone, whose line breaks count."""
        value = self._cells.get(column)
        if value is not None and len(value) > MAX_MRZ:
            raise RecordRejected(Reason.TOO_LONG, f"has more than {MAX_MRZ} characters", field=column)
        return value

    def integer(self, column: str, *, below: int) -> int | None:
        """A whole number from 0."""
        value = self._cells.get(column)
        if value is None:
            return None
        value = value.removesuffix(".0")
        if not _DIGITS.fullmatch(value):
            raise RecordRejected(Reason.WRONG_TYPE, "must be a whole number from 0", field=column)
        if int(value) >= below:
            raise RecordRejected(Reason.OUT_OF_RANGE, f"must be below {below}", field=column)
        return int(value)

    def day(self, column: str) -> date | None:
        """A date."""
        value = self._cells.get(column)
        return None if value is None else _day(value, column)

    def moment(self, column: str) -> datetime:
        """A point in time that must be given, in UTC."""
        return _moment(self.required(column), column)

    def word(self, column: str, words: type[W]) -> W | None:
        """One of a closed list of words, else the row is refused."""
        value = self._cells.get(column)
        if value is None:
            return None
        found: W | None = _one_of(words, value)
        if found is None:
            raise RecordRejected(Reason.UNKNOWN_VALUE, f"must be one of {_documented(words)}", field=column)
        return found

    def open_word(self, column: str, words: type[W]) -> W | None:
        """One of a list of words; an unknown one is kept as `other` with a warning."""
        value = self._cells.get(column)
        if value is None:
            return None
        found: W | None = _one_of(words, value)
        if found is None:
            self.warn("unknown_word", column)
            return words("other")
        return found

    def sex(self, column: str) -> Sex | None:
        """The sex; an unknown word is kept as X with a warning."""
        value = self._cells.get(column)
        if value is None:
            return None
        found = _SEXES.get(value) or _SEXES.get("".join(value.upper().split()))
        if found is None:
            self.warn("unknown_word", column)
            return Sex.X
        return found

    def nationality(self, column: str) -> str | None:
        """An alpha-3 code."""
        value = self._cells.get(column)
        if value is None:
            return None
        found = countries.nationality(value)
        if found is None:
            message = "must be an ISO 3166 alpha-3 code as in the MRZ, such as IDN"
            raise RecordRejected(Reason.UNKNOWN_VALUE, message, field=column)
        return found

    def country(self, column: str) -> str | None:
        """An alpha-2 code."""
        value = self._cells.get(column)
        if value is None:
            return None
        found = countries.country(value)
        if found is None:
            message = "must be an ISO 3166 alpha-2 code, such as MY"
            raise RecordRejected(Reason.UNKNOWN_VALUE, message, field=column)
        return found

    def checkpoint(self, column: str) -> str | None:
        """A checkpoint of the reference list."""
        value = self._cells.get(column)
        if value is None:
            return None
        if value.upper() not in reference.checkpoints():
            raise RecordRejected(Reason.UNKNOWN_CHECKPOINT, "not in the reference list", field=column)
        return value.upper()

    def region(self, column: str) -> str | None:
        """A Kemendagri code of 2, 4, 6 or 10 digits; dots between the parts do not matter."""
        value = self._cells.get(column)
        if value is None:
            return None
        digits = value.replace(".", "")
        if not _REGION.fullmatch(digits) or digits[:2] not in reference.regions():
            message = "must be a Kemendagri code of 2, 4, 6 or 10 digits"
            raise RecordRejected(Reason.UNKNOWN_VALUE, message, field=column)
        return digits

    def warn(self, kind: str, column: str) -> None:
        """Count something that the partner should know and that refuses nothing."""
        warning = f"{kind}:{column}"
        if warning not in self.warnings:
            self.warnings.append(warning)


def _plain(value: str, column: str, limit: int) -> str:
    if len(value) <= limit and value.isprintable():
        return value
    if len(value) > limit:
        raise RecordRejected(Reason.TOO_LONG, f"has more than {limit} characters", field=column)
    if _CONTROL.search(value):
        raise RecordRejected(Reason.CONTROL_CHARACTER, "holds a control character", field=column)
    return value


@lru_cache(maxsize=65536)
def _day(value: str, column: str) -> date:
    if not _DATE.fullmatch(value):
        raise RecordRejected(Reason.BAD_DATE, "must be a date YYYY-MM-DD", field=column)
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise RecordRejected(Reason.BAD_DATE, "there is no such day", field=column) from None
    if not FIRST_YEAR_OF_DATES <= found.year <= LAST_YEAR:
        message = f"the year must lie between {FIRST_YEAR_OF_DATES} and {LAST_YEAR}"
        raise RecordRejected(Reason.OUT_OF_RANGE, message, field=column)
    return found


def _moment(value: str, column: str) -> datetime:
    form = "must be a time in ISO 8601 with an offset"
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        raise RecordRejected(Reason.BAD_TIME, form, field=column) from None
    if len(value) <= 10:
        raise RecordRejected(Reason.BAD_TIME, f"{form}: this is a date without a time", field=column)
    offset = found.utcoffset()
    if offset is None:
        raise RecordRejected(Reason.NAIVE_TIME, f"{form}: this one has none", field=column)
    if abs(offset) > MAX_OFFSET:
        raise RecordRejected(Reason.BAD_TIME, "no place on earth has this offset", field=column)
    if not FIRST_YEAR_OF_TIMES < found.year < LAST_YEAR:
        message = f"the year must lie between {FIRST_YEAR_OF_TIMES + 1} and {LAST_YEAR - 1}"
        raise RecordRejected(Reason.OUT_OF_RANGE, message, field=column)
    return found.astimezone(UTC)


def _word(value: str) -> str:
    return "_".join(value.lower().replace("-", " ").replace("_", " ").split())


@lru_cache(maxsize=4096)
def _one_of(words: type[W], value: str) -> W | None:
    """The word that a cell means; partners write the same few ones in every row."""
    return _words(words).get(_word(value))


@cache
def _words(words: type[W]) -> Mapping[str, W]:
    return {_word(word.value): word for word in words}


@cache
def _documented(words: type[StrEnum]) -> str:
    return ", ".join(word.value for word in words)
