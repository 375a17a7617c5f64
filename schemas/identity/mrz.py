"""Reads and writes the machine readable zone of travel documents: TD1 (cards), TD2 and TD3 (passports).

Source: ICAO Doc 9303 parts 3, 4, 5 and 6.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schemas.vocabulary import Sex

_CHARACTERS = re.compile(r"[A-Z0-9<]+")
_VALUES = bytes(int(chr(c), 36) if chr(c) in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" else 0 for c in range(256))
_BREAKS = re.compile(r"\r\n|\r|\n|\\n|\|")
_BLANKS = re.compile(r"\s")
_DAY = re.compile(r"[0-9]{6}")
_SEXES = {"F": Sex.F, "M": Sex.M, "X": Sex.X, "<": Sex.X}
_SHAPES = {(30, 30, 30): "TD1", (36, 36): "TD2", (44, 44): "TD3"}


class MrzProblem(StrEnum):
    """Why a zone could not be read at all."""

    EMPTY = "empty"
    LENGTH = "length"
    """Not 2 x 44, 2 x 36 or 3 x 30 characters."""
    CHARACTERS = "characters"
    """Others than A-Z, 0-9 and `<`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReadable:
    """What a zone says; `problem` is an `MrzProblem` and the rest empty where nothing could be read."""

    problem: str = ""
    format: str = ""
    document_type: str = ""
    issuer: str = ""
    number: str | None = field(default=None, repr=False)
    surname: str = field(default="", repr=False)
    given_names: str = field(default="", repr=False)
    nationality: str = ""
    birth_date: date | None = field(default=None, repr=False)
    """None where a part of it is unknown (`<`)."""
    sex: Sex | None = None
    expires_on: date | None = None
    optional: str = field(default="", repr=False)
    checks: Mapping[str, bool] = field(default_factory=dict)
    """Per checked field, whether its digit fits."""

    @property
    def ok(self) -> bool:
        """Whether the zone was read and every check digit fits."""
        return not self.problem and all(self.checks.values())

    @property
    def name(self) -> str:
        """Given names first, as spoken; a mononym stands alone."""
        return f"{self.given_names} {self.surname}".strip()


def check_digit(text: str) -> str:
    """The ICAO 9303 check digit of a field."""
    values = text.encode("ascii", "replace").translate(_VALUES)
    return str((7 * sum(values[::3]) + 3 * sum(values[1::3]) + sum(values[2::3])) % 10)


def read_mrz(text: str, at: date) -> MachineReadable:
    """Read a zone; never raises.

    Args:
        text: its lines, separated by line breaks or joined.
        at: the day by which the century of the birth date is resolved.
    """
    lines = zone_lines(text)
    if not lines:
        return MachineReadable(problem=MrzProblem.EMPTY)
    shape = _SHAPES.get(tuple(map(len, lines)))
    if shape is None:
        return MachineReadable(problem=MrzProblem.LENGTH)
    if not all(map(_CHARACTERS.fullmatch, lines)):
        return MachineReadable(problem=MrzProblem.CHARACTERS)
    return _read_td1(lines, at) if shape == "TD1" else _read_two_lines(lines, shape, at)


def zone_lines(text: str) -> tuple[str, ...]:
    """The lines of a zone that may be joined, as many as there are."""
    if _CHARACTERS.fullmatch(text):
        lines: tuple[str, ...] = (text,)
    else:
        lines = tuple(line for line in (_BLANKS.sub("", part).upper() for part in _BREAKS.split(text)) if line)
    if len(lines) == 1:
        whole = lines[0]
        for sizes in _SHAPES:
            if len(whole) == sum(sizes):
                return tuple(whole[i : i + sizes[0]] for i in range(0, len(whole), sizes[0]))
    return lines


def _read_two_lines(lines: tuple[str, ...], shape: str, at: date) -> MachineReadable:
    first, second = lines
    surname, given = _names(first[5:])
    number, digit, optional = second[:9], second[9], second[28:42] if shape == "TD3" else second[28:35]
    if shape == "TD2":
        number, digit, optional = _long_number(number, digit, optional)
    checks = {
        "number": digit == check_digit(number),
        "birth_date": second[19] == check_digit(second[13:19]),
        "expires_on": second[27] == check_digit(second[21:27]),
    }
    # visas (part 7) have neither digit
    if not first.startswith("V"):
        checks["composite"] = second[-1] == check_digit(second[:10] + second[13:20] + second[21:-1])
        if shape == "TD3":
            # an empty optional field may have `<` for its digit
            checks["optional"] = second[42] == check_digit(optional) or (second[42] == "<" and not optional.strip("<"))
    return MachineReadable(
        format=shape,
        document_type=first[:2].strip("<"),
        issuer=first[2:5].strip("<"),
        number=number.strip("<") or None,
        surname=surname,
        given_names=given,
        nationality=second[10:13].strip("<"),
        birth_date=_born(second[13:19], at),
        sex=_sex(second[20]),
        expires_on=_expiry(second[21:27]),
        optional=optional.strip("<"),
        checks=checks,
    )


def _read_td1(lines: tuple[str, ...], at: date) -> MachineReadable:
    first, second, third = lines
    surname, given = _names(third)
    number, digit, optional = _long_number(first[5:14], first[14], first[15:30])
    return MachineReadable(
        format="TD1",
        document_type=first[:2].strip("<"),
        issuer=first[2:5].strip("<"),
        number=number.strip("<") or None,
        surname=surname,
        given_names=given,
        nationality=second[15:18].strip("<"),
        birth_date=_born(second[:6], at),
        sex=_sex(second[7]),
        expires_on=_expiry(second[8:14]),
        optional=optional.strip("<"),
        checks={
            "number": digit == check_digit(number),
            "birth_date": second[6] == check_digit(second[:6]),
            "expires_on": second[14] == check_digit(second[8:14]),
            "composite": second[29] == check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29]),
        },
    )


def _long_number(number: str, digit: str, optional: str) -> tuple[str, str, str]:
    """A number longer than nine has `<` for its digit and goes on in the optional data, the digit at its end."""
    rest = optional.split("<", 1)[0]
    if digit != "<" or len(rest) < 2 or "<" in number:
        return number, digit, optional
    return number + rest[:-1], rest[-1], optional[len(rest) :]


def _names(text: str) -> tuple[str, str]:
    """Surname and given names; a mononym has no `<<` and is a surname alone."""
    surname, _, given = text.rstrip("<").partition("<<")
    return " ".join(surname.replace("<", " ").split()), " ".join(given.replace("<", " ").split())


def _sex(mark: str) -> Sex | None:
    return _SEXES.get(mark)


def _born(text: str, at: date) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    century = at.year // 100 * 100
    for base in (century, century - 100):
        try:
            born = date(base + int(text[:2]), int(text[2:4]), int(text[4:]))
        except ValueError:
            continue
        if born <= at:
            return born
    return None


def _expiry(text: str) -> date | None:
    """Documents live ten years at most, so an expiry lies in this century."""
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def _pad(text: str, size: int) -> str:
    return re.sub(r"[^A-Z0-9]", "<", _plain(text))[:size].ljust(size, "<")


def _plain(text: str) -> str:
    """Capitals without accents; apostrophes are left out (part 3, section 4.6)."""
    letters = unicodedata.normalize("NFKD", text.upper())
    return re.sub("['\u2018\u2019]", "", "".join(c for c in letters if not unicodedata.combining(c)))


def _name_field(surname: str, given_names: str, size: int) -> str:
    return _pad(f"{surname}<<{given_names}" if given_names else surname, size)


def _dated(day: date | None) -> str:
    digits = day.strftime("%y%m%d") if day else "<<<<<<"
    return digits + check_digit(digits)


def _sex_mark(sex: Sex) -> str:
    return "<" if sex is Sex.X else sex.value


def write_td3(
    *,
    number: str,
    surname: str,
    given_names: str,
    birth_date: date | None,
    sex: Sex,
    expires_on: date,
    nationality: str = "IDN",
) -> str:
    """A passport's two lines, for simulated travellers and tests; a mononym is a surname with no given names."""
    head = _pad(number, 9)
    body = head + check_digit(head) + _pad(nationality, 3) + _dated(birth_date) + _sex_mark(sex) + _dated(expires_on)
    body += "<" * 14 + "0"
    composite = check_digit(body[:10] + body[13:20] + body[21:43])
    return f"P<{_pad(nationality, 3)}{_name_field(surname, given_names, 39)}\n{body}{composite}"


def write_td1(
    *,
    number: str,
    surname: str,
    given_names: str,
    birth_date: date | None,
    sex: Sex,
    expires_on: date,
    nationality: str = "IDN",
) -> str:
    """A card's three lines, for simulated travellers and tests; numbers longer than nine go on in the optional data.

    Raises:
        ValueError: the number is longer than the 23 characters that fit.
    """
    plain = re.sub(r"[^A-Z0-9]", "", _plain(number))
    if len(plain) > 23:
        msg = "a TD1 document number has at most 23 characters"
        raise ValueError(msg)
    if len(plain) > 9:
        first = f"I<{_pad(nationality, 3)}{plain[:9]}<" + _pad(plain[9:] + check_digit(plain), 15)
    else:
        head = _pad(plain, 9)
        first = f"I<{_pad(nationality, 3)}{head}{check_digit(head)}" + "<" * 15
    second = _dated(birth_date) + _sex_mark(sex) + _dated(expires_on) + _pad(nationality, 3) + "<" * 11
    composite = check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29])
    return f"{first}\n{second}{composite}\n{_name_field(surname, given_names, 30)}"
