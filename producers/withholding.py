"""Keeps identities out of free text: what holds the row's own, or looks like anybody's, is not published."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from schemas.errors import Reason, RecordRejected
from schemas.identity import Validity, normalise_name, read_nik
from schemas.identity.names import COMMON

MIN_ANYWHERE = 7
"""From this many characters an identifier is looked for inside words; a shorter one must stand alone."""
MIN_LENGTH = 4
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
            plain = _squashed(number) if number else ""
            if len(plain) >= MIN_ANYWHERE:
                self._anywhere.append(plain.removeprefix("62") if plain.isdigit() else plain)
            elif len(plain) >= MIN_LENGTH:
                self._words.append(f" {plain} ")
        for name in names:
            words = _parts(name) if name else []
            if sum(map(len, words)) >= 3:
                # passports and manifests put the surname first or last
                orders = {tuple(words), (words[-1], *words[:-1]), (*words[1:], words[0])}
                self._words += [f" {' '.join(order)} " for order in orders]
                self._telling += [f" {word} " for word in words if _tells_who(word)]
                self._anywhere += [whole for order in orders if len(whole := "".join(order)) >= MIN_ANYWHERE]

    def __repr__(self) -> str:
        return "OwnIdentifiers(…)"

    def inside(self, text: str) -> bool:
        """Whether the text holds one of the row's own identifiers."""
        parts = _parts(text)
        squashed = "".join(parts)
        spaced = f" {' '.join(parts)} "
        return any(one in squashed for one in self._anywhere) or any(one in spaced for one in self._words)

    def reveals(self, text: str) -> bool:
        """Whether free text must be withheld."""
        if _looks_like_one(text) or self.inside(text):
            return True
        spaced = f" {' '.join(_parts(text))} "
        return any(one in spaced for one in self._telling)

    def check_identifier(self, column: str, text: str | None) -> None:
        """Refuse a row whose id of something is made of an identity.

        Raises:
            RecordRejected: the id holds one of the row's own identifiers, or a run of digits that reads as a NIK.
        """
        if text is None:
            return
        if self.inside(text) or _ZONE.search(text) or _MAIL.search(text) or self._has_nik(text):
            raise RecordRejected(Reason.RAW_IDENTITY, "holds an identity", field=column)

    def _has_nik(self, text: str) -> bool:
        return any(
            read_nik(found, self._at).validity is not Validity.INVALID for found in _SIXTEEN_DIGITS.findall(text)
        )


@lru_cache(maxsize=1024)
def _looks_like_one(text: str) -> bool:
    """Whether a text reads as anybody's number, phone, address or zone; ships and services come again and again."""
    return any(form.search(text) for form in (_LONG_NUMBER, _ZONE, _PHONE, _MAIL))


@lru_cache(maxsize=65536)
def _tells_who(word: str) -> bool:
    """Whether one word of a name points at its bearer: MARIA is half the passengers, and the ship."""
    return len(word) >= MIN_TELLING and not COMMON.intersection(normalise_name(word))


def _parts(text: str) -> list[str]:
    return [part for part in _PARTS.split(text.upper()) if part]


def _squashed(text: str) -> str:
    return "".join(_parts(text))
