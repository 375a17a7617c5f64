"""Proposes which columns of a list stand for which of ours: by their names, Indonesian or English, and by content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from producers import countries
from producers.columns import FileKind
from producers.date_forms import date_form, guessed_form
from producers.mapping import MOMENTS, OF_CHECKPOINT, WORDS
from producers.rows import column_name
from producers.sampling import Sample
from producers.synonyms import NAMES, OUR_WORDS
from schemas import reference

CERTAIN, LEAST = 1.0, 0.6
ALIKE = 0.84
"""From here on two names are one, misspelt."""
MOST_WORDS = 15
"""A column of words has no more different ones."""
_NOT_WORD = re.compile(r"[\W_]+")
_NIK = re.compile(r"\d{16}")
_PASSPORT = re.compile(r"[A-Z]{1,2}\d{6,8}")
_ZONE = re.compile(r"[A-Z0-9<]{2}[A-Z<]{3}[A-Z0-9<]{25,}.*<")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One column of ours, and where its values are thought to stand."""

    target: str
    sources: tuple[str, ...]
    score: float
    """From 0 to 1."""
    form: str | None = None
    zone: str | None = None
    values: Mapping[str, str]


def propose(sample: Sample, kind: FileKind) -> list[Proposal]:
    """The likeliest column for each of ours, in the order of the documentation."""
    scored = sorted(
        (
            (score, -place, target)
            for place, name in enumerate(sample.header)
            for target in kind.columns
            if (score := _score(name, target, sample.column(place))) >= LEAST
        ),
        reverse=True,
    )
    places: dict[str, tuple[int, float]] = {}
    for score, negative, target in scored:
        if target not in places and all(-negative != place for place, _ in places.values()):
            places[target] = -negative, score
    clocks = [
        place
        for place, name in enumerate(sample.header)
        if all(place != taken for taken, _ in places.values()) and _share(sample.column(place), _is_clock) > 0.9
    ]
    found = [_proposal(sample, target, *places[target], clocks, kind) for target in kind.columns if target in places]
    return found


def _proposal(sample: Sample, target: str, place: int, score: float, clocks: list[int], kind: FileKind) -> Proposal:
    sources, values = [sample.header[place]], sample.column(place)
    form = zone = None
    words: dict[str, str] = {}
    if target in MOMENTS:
        form = guessed_form(values)
        if form and not _has_time(form) and clocks:
            sources.append(sample.header[clocks[0]])
            joined = [f"{row[place]} {row[clocks[0]]}" for row in sample.rows if len(row) > clocks[0]]
            form = guessed_form([one for one in joined if " " in one.strip()]) or form
        if form:
            zone = OF_CHECKPOINT if kind.name == "crossings" else "WITA"
    elif target in kind.dates:
        form = guessed_form(values)
        form = None if form == "yyyy-mm-dd" else form
    elif target in WORDS or target in ("nationality", "destination_country"):
        words = _words(target, values)
    return Proposal(target=target, sources=tuple(sources), score=score, form=form, zone=zone, values=words)


def _words(target: str, values: list[str]) -> dict[str, str]:
    """Their words that are not ours and have a meaning that is known."""
    different = dict.fromkeys(" ".join(value.split()) for value in values)
    if len(different) > MOST_WORDS:
        return {}
    known = {word.value.lower() for word in WORDS[target]} if target in WORDS else set()
    found: dict[str, str] = {}
    for word in different:
        meaning = OUR_WORDS.get(target, {}).get(word.lower())
        if target == "nationality" and not countries.nationality(word):
            meaning = countries.ALPHA3_OF.get(countries.country(word) or "")
        if meaning and word.lower() not in known:
            found[word] = meaning
    return found


def _score(name: str, target: str, values: list[str]) -> float:
    """How likely a column is ours: its name says most, its content decides where names say little."""
    named = max((_likeness(_plain(name), one) for one in _names(target)), default=0.0)
    content = _CONTENT.get(target)
    if content is None or not values:
        return named
    share = _share(values, content)
    if share < 0.3 and len(values) >= 3:
        return named * 0.6  # the name says one thing and nearly every cell another
    return max(named, 0.7 * share if target in _TELLING else 0.0, 0.65 * named + 0.35 * share)


@cache
def _names(target: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_plain(one) for one in (target, *NAMES.get(target, ()))))


def _likeness(theirs: str, ours: str) -> float:
    if theirs == ours:
        return CERTAIN
    words, wanted = set(theirs.split()), set(ours.split())
    if wanted <= words and len(ours) > 2:
        return 0.75 + 0.2 * len(wanted) / len(words)
    ratio = SequenceMatcher(None, theirs, ours).ratio()
    return 0.9 * ratio if ratio >= ALIKE and len(ours) > 3 else 0.0


def _plain(name: str) -> str:
    return " ".join(_NOT_WORD.sub(" ", column_name(name)).split())


def _share(values: list[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values) if values else 0.0


def _squashed(value: str) -> str:
    return _NOT_WORD.sub("", value.upper())


def _is_clock(value: str) -> bool:
    return _CLOCK.fullmatch(value) is not None


def _is_date(value: str) -> bool:
    return guessed_form([value]) is not None


def _has_time(form: str) -> bool:
    found = date_form(form)
    return found is not None and found.has_time


def _is_name(value: str) -> bool:
    return 3 <= len(value) <= 60 and not any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _meant(target: str) -> Callable[[str], bool]:
    words = {word.value.lower() for word in WORDS[target]} | OUR_WORDS.get(target, {}).keys()
    return lambda value: " ".join(value.lower().split()) in words


_CONTENT: dict[str, Callable[[str], bool]] = {
    "nik": lambda v: _NIK.fullmatch(_squashed(v)) is not None,
    "kk": lambda v: _NIK.fullmatch(_squashed(v)) is not None,
    "document_number": lambda v: any(c.isdigit() for c in v) and 5 <= len(_squashed(v)) <= 20,
    "passport": lambda v: _PASSPORT.fullmatch(_squashed(v)) is not None,
    "mrz": lambda v: _ZONE.match("".join(v.split())) is not None,
    "checkpoint_id": lambda v: v.upper() in reference.checkpoints(),
    "name": _is_name,
    "nationality": lambda v: bool(countries.nationality(v) or countries.country(v)),
    "destination_country": lambda v: countries.country(v) is not None,
    **{target: _meant(target) for target in WORDS},
    **dict.fromkeys(MOMENTS, _is_date),
    **dict.fromkeys(("birth_date", "issued_on", "expires_on", "planned_date", "valid_from", "valid_to"), _is_date),
}
_TELLING = frozenset({"nik", "mrz", "checkpoint_id"})
"""What such cells hold is told by their form alone."""
