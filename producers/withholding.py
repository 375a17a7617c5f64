"""Keeps identities out of free text: what holds the row's own, or looks like anybody's, is not published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from schemas.errors import Reason, RecordRejected
from schemas.identity import Validity, normalise_name, read_nik
from schemas.identity.names import COMMON

MIN_ANYWHERE = 7
"""From this many characters an identifier is looked for inside words; a shorter one must stand alone."""
MIN_LENGTH = 4
NIK_DIGITS = 16
MIN_TELLING = 5
"""Shorter words of a name are also places, ships and companies."""
_LONG_NUMBER = re.compile(r"(?:\d[\s.\-_/]{0,2}){15}\d")
_SIXTEEN_DIGITS = re.compile(r"(?=((?:\d[\s.\-_/]{0,2}){15}\d))")
_ZONE = re.compile(r"<<|[A-Z0-9]<[A-Z0-9]", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\w)(?:\+\d|(?:00)?62[\s.-]?8|08)(?:[\s.-]?\d){7,13}(?!\w)")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PARTS = re.compile(r"[\W_]+")


class OwnIdentifiers:
    """The raw identifiers of one row; lives as long as the row."""

    __slots__ = ("_anywhere", "_at", "_telling", "_words")

    def __init__(self, *, numbers: Iterable[str | None], names: Iterable[str | None], at: date) -> None:
        self._at = at
        self._anywhere: list[str] = []
        self._words: list[str] = []
        self._telling: list[str] = []
        """Single words of the name: withheld from free text, but no ground to refuse a row for its id."""
        for number in numbers:
            if not number:
                continue
            plain = number.upper() if number.isascii() and number.isalnum() else _squashed(number)
            if len(plain) >= MIN_ANYWHERE:
                self._anywhere.append(plain.removeprefix("62") if plain.isdigit() else plain)
            elif len(plain) >= MIN_LENGTH:
                self._words.append(f" {plain} ")
        # a zone names its bearer in the same words as the row
        for words in dict.fromkeys(tuple(_parts(name)) for name in names if name):
            if sum(map(len, words)) >= 3:
                # passports and manifests put the surname first or last
                orders = {words, (words[-1], *words[:-1]), (*words[1:], words[0])}
                self._words += [f" {' '.join(order)} " for order in orders]
                self._telling += [f" {word} " for word in words if _tells_who(word)]
                if sum(map(len, words)) >= MIN_ANYWHERE:
                    self._anywhere += map("".join, orders)

    def __repr__(self) -> str:
        return "OwnIdentifiers(…)"

    def inside(self, text: str) -> bool:
        """Whether the text holds one of the row's own identifiers."""
        return self._stands_in(_parts(text))

    def reveals(self, text: str) -> bool:
        """Whether free text must be withheld."""
        suspect, parts = _looked_at(text)
        if suspect or self._stands_in(parts):
            return True
        spaced = f" {' '.join(parts)} "
        for one in self._telling:  # noqa: SIM110 (a generator takes three times as long, here and below)
            if one in spaced:
                return True
        return False

    def check_identifier(self, column: str, text: str | None) -> None:
        """Refuse a row whose id of something is made of an identity.

        Raises:
            RecordRejected: the id holds one of the row's own identifiers, or a run of digits that reads as a NIK.
        """
        if text is None:
            return
        # the cheap conditions stand first: no form is found without them
        formed = ("<" in text and _ZONE.search(text)) or ("@" in text and _MAIL.search(text))
        if formed or self.inside(text) or self._has_nik(text):
            raise RecordRejected(Reason.RAW_IDENTITY, "holds an identity", field=column)

    def _stands_in(self, parts: Sequence[str]) -> bool:
        squashed = "".join(parts)
        if len(squashed) < 3:
            return False  # no identifier is so short
        for one in self._anywhere:
            if one in squashed:
                return True
        spaced = f" {' '.join(parts)} "
        for one in self._words:  # noqa: SIM110
            if one in spaced:
                return True
        return False

    def _has_nik(self, text: str) -> bool:
        return len(text) >= NIK_DIGITS and any(
            read_nik(found, self._at).validity is not Validity.INVALID for found in _SIXTEEN_DIGITS.findall(text)
        )


@lru_cache(maxsize=4096)
def _looked_at(text: str) -> tuple[bool, tuple[str, ...]]:
    """Whether a text reads as anybody's number, phone, address or zone, and its words; ships come again and again."""
    return any(form.search(text) for form in (_LONG_NUMBER, _ZONE, _PHONE, _MAIL)), tuple(_parts(text))


@lru_cache(maxsize=65536)
def _tells_who(word: str) -> bool:
    """Whether one word of a name points at its bearer: MARIA is half the passengers, and the ship."""
    return len(word) >= MIN_TELLING and not COMMON.intersection(normalise_name(word))


def _parts(text: str) -> list[str]:
    text = text.upper()
    if text.replace(" ", "").isalnum():
        return text.split()
    return [part for part in _PARTS.split(text) if part]


def _squashed(text: str) -> str:
    return "".join(_parts(text))
