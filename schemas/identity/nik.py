"""Reads a NIK: 16 digits that name the place of first registration, the birth date and the sex.

Layout: kecamatan of first registration (6), day (2, women + 40), month (2), year (2), serial (4, from 0001).  There is
no check digit.  The number never changes, even when the birth date is corrected or the kecamatan is split, so a code
that is not in today's list may still be real.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from schemas.identity.tokens import latin_digits
from schemas.reference.regions import districts, is_kecamatan, regions
from schemas.vocabulary import Sex

WOMEN = 40
_SIXTEEN = re.compile(r"[0-9]{16}")
# what offices and spreadsheets put between, before and behind the digits
_SEPARATORS = re.compile("[\\s.,:;_/'`\u2018\u2019\u200b-\u200f\u2010-\u2015\u2212\ufeff-]")


class Validity(StrEnum):
    """How far a NIK can be believed, best first."""

    VALID = "valid"
    HISTORIC = "historic"
    """The kecamatan number falls into a gap of today's list: retired by a split."""
    SUSPECT = "suspect"
    """Only the province, or the kabupaten, is known."""
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nik:
    """What a NIK says; everything but `validity` and `problem` is None where the number is invalid."""

    validity: Validity
    problem: str = ""
    digits: str | None = None
    origin_region: str | None = None
    """Kecamatan code of first registration."""
    birth_date: date | None = None
    sex: Sex | None = None

    def __repr__(self) -> str:
        return f"Nik(validity={self.validity.value!r}, problem={self.problem!r})"


def read_nik(text: str, at: date) -> Nik:
    """Read a NIK as typed; never raises.

    Args:
        text: blanks, dots and dashes between digits do not matter, nor full-width digits.
        at: the day by which the century is resolved: a birth date lies on or before it.
    """
    digits = text if _SIXTEEN.fullmatch(text) else _SEPARATORS.sub("", latin_digits(text))
    if not _SIXTEEN.fullmatch(digits):
        return _invalid("not 16 digits")
    if digits[12:] == "0000":
        return _invalid("serial 0000")
    day = int(digits[6:8])
    sex = Sex.F if day > WOMEN else Sex.M
    born = _birth_date(day - WOMEN if day > WOMEN else day, int(digits[8:10]), int(digits[10:12]), at)
    if born is None:
        return _invalid("not a birth date")
    validity = _place(digits[:6])
    if validity is Validity.INVALID:
        return _invalid("unknown province")
    return Nik(validity=validity, digits=digits, origin_region=digits[:6], birth_date=born, sex=sex)


def _invalid(problem: str) -> Nik:
    return Nik(validity=Validity.INVALID, problem=problem)


def _birth_date(day: int, month: int, year: int, at: date) -> date | None:
    """The latest such date that is not after `at`; 29 February is tried in both centuries."""
    century = at.year // 100 * 100
    for base in (century, century - 100):
        try:
            born = date(base + year, month, day)
        except ValueError:
            continue
        if born <= at:
            return born
    return None


@lru_cache(maxsize=8192)
def _place(code: str) -> Validity:
    if is_kecamatan(code):
        return Validity.VALID
    if code[:2] not in regions():
        return Validity.INVALID
    if code[:4] in districts(code[:2]) and code[4:] != "00" and code < _last_kecamatan(code[:4]):
        return Validity.HISTORIC
    return Validity.SUSPECT


@lru_cache(maxsize=1024)
def _last_kecamatan(district: str) -> str:
    return max((c for c in regions() if len(c) == 6 and c.startswith(district)), default="")
