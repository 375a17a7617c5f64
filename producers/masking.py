"""Shows rows of a list so that their reader sees whether a mapping is right, and not who they are about."""

from __future__ import annotations

import re

from producers.mapping import MOMENTS, WORDS

MASK = "•"
_OPEN = MOMENTS | WORDS.keys() | {"checkpoint_id", "nationality", "destination_country", "revision", "complete_up_to"}
"""Columns of codes, words and times."""
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_SHOWABLE = re.compile(r"[A-Za-z0-9 ./:+_-]{1,32}", re.ASCII)
_BIRTH_DATES = frozenset({"birth_date"})
_FIRST_SHOWN = 2
_LONG_NUMBER = re.compile(r"\d{7}")


def masked(target: str, value: str) -> str:
    """A cell as it may stand on a screen: codes and times in full, of identities the form alone."""
    if not value:
        return ""
    if target in _OPEN and _SHOWABLE.fullmatch(value) and not _LONG_NUMBER.search(value):
        return value
    if target in _BIRTH_DATES:
        year = _YEAR.search(value)
        return (
            re.sub(r"\w", MASK, value[: year.start()]) + year[0] + re.sub(r"\w", MASK, value[year.end() :])
            if year
            else _form(value)
        )
    return _form(value)


def _form(value: str) -> str:
    """The first letter of each word, or the first two digits of a number, and how long it is."""
    value = " ".join(value.split())
    if len(value) > 40:
        return value[:1] + MASK * 5
    words = []
    for word in value.split(" "):
        shown = _FIRST_SHOWN if word.isdigit() and len(word) > 8 else 1 if len(word) > 1 else 0
        words.append(word[:shown] + MASK * (len(word) - shown))
    return " ".join(words)
