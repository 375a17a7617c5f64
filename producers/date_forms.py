"""Dates and times as people write them, by a form such as `dd/mm/yyyy hh:mm`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan januari january", "feb peb februari pebruari february", "mar maret march", "apr april", "mei may",
            "jun juni june", "jul juli july", "agu agt agustus aug august", "sep sept september",
            "okt oktober oct october", "nov nop november nopember", "des desember dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
"""Indonesian and English."""
PARTS: Final = ("dd", "mm", "mmm", "yyyy", "hh", "mm", "ss")
ALLOWED: Final = "dd, mm (or mmm for the name of a month), yyyy, then hh, mm and ss, such as dd/mm/yyyy hh:mm"
_PART = re.compile(r"dd?|mmm|mm?|yyyy|hh?|ss", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?", re.ASCII)
_PATTERNS = {"day": r"\d{1,2}", "month": r"\d{1,2}", "name": r"[^\W\d_]{3,10}\.?", "year": r"\d{4}"}
_PATTERNS |= dict.fromkeys(("hour", "minute", "second"), r"\d{1,2}")


@dataclass(frozen=True, slots=True)
class DateForm:
    """How dates, with times perhaps, are written."""

    text: str
    pattern: re.Pattern[str]

    @property
    def has_time(self) -> bool:
        """Whether hours and minutes belong to it."""
        return {"hour", "minute"} <= self.pattern.groupindex.keys()

    def read(self, text: str) -> datetime | None:
        """The local moment that a text means; None = it is not of the form, or there is no such day.

        ISO 8601 is always read too: that is what date cells of a workbook become.
        """
        iso = _ISO.fullmatch(text)
        if iso:
            year, month, day, *clock = (int(part or 0) for part in iso.groups())
            return _moment(year, month, day, *clock)
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        parts = found.groupdict()
        name = parts.get("name")
        number = MONTHS.get(name.lower().rstrip("."), 0) if name else int(parts["month"])
        clock = [int(parts.get(part) or 0) for part in ("hour", "minute", "second")]
        return _moment(int(parts["year"]), number, int(parts["day"]), *clock)


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 (local to whoever wrote it)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def date_form(text: str) -> DateForm | None:
    """The form that a text describes; None = day, month or year are missing, twice there, or something else is."""
    names: list[str] = []
    pattern, place = "", 0
    for found in _PART.finditer(text):
        name = _name(found[0].lower(), names)
        if not name or name in names:
            return None
        between = text[place : found.start()]
        if any(c.isalnum() and c != "T" for c in between):
            return None
        pattern += re.sub(r"(?:\\ )+", r"\\s+", re.escape(between)) + f"(?P<{name}>{_PATTERNS[name]})"
        names.append(name)
        place = found.end()
    months = {"month", "name"}.intersection(names)
    if (
        text[place:].strip()
        or len(months) != 1
        or not {"day", "year"} <= set(names)
        or ("hour" in names) != ("minute" in names)
    ):
        return None
    if ")(" in pattern:  # nothing between two numbers: both are whole
        pattern = pattern.replace(r"\d{1,2}", r"\d{2}")
    return DateForm(text, re.compile(pattern, re.ASCII if "name" not in names else 0))


def _name(part: str, before: list[str]) -> str:
    if part.startswith("m"):
        if part == "mmm":
            return "name"
        return "minute" if before and before[-1] == "hour" else "month"
    return {"d": "day", "y": "year", "h": "hour", "s": "second"}[part[0]]


GUESSES: Final = (
    "yyyy-mm-dd", "dd/mm/yyyy", "dd-mm-yyyy", "dd.mm.yyyy", "dd mmm yyyy", "dd-mmm-yyyy", "mm/dd/yyyy", "yyyy/mm/dd",
)  # fmt: skip
TIMES: Final = ("", " hh:mm", " hh:mm:ss", " hh.mm")


def guessed_form(values: list[str]) -> str | None:
    """The first usual form that reads all of the values; the day stands before the month where both are possible."""
    if not values:
        return None
    for guess in GUESSES:
        for time in TIMES:
            form = date_form(guess + time)
            if form and all(_is_of(form, value) for value in values):
                return form.text
    return None


def _is_of(form: DateForm, value: str) -> bool:
    found = form.read(value)
    return found is not None and date(1900, 1, 1) <= found.date() <= date(2100, 1, 1)
