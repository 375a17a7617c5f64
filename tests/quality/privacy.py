"""Runs every attack and prints what it learns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from producers.journeys.names import ntt_name
from producers.journeys.people import KAB_WEIGHTS
from schemas.identity import LinkageKey, TokenKind, token
from schemas.records import Departure, TransitEvent
from streams.casebook import Admitted
from tests.quality import attacks
from tests.quality.attacks import Hits
from tests.quality.uniqueness import Crowd, crowd, days_left, linked_blocks

SEED = 20_260_819
KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
PEOPLE = 3000
CROWDED = date(1990, 1, 1)
CROWD = 150
"""People under the one 1 January that is the worst block."""
NIKS_OF_NTT = 315 * 2 * 365 * 60 * 20
"""Kecamatan, sexes, birthdays of sixty years and the twenty serials that a day can need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """One attack on published codes, and the same on codes without a salt."""

    name: str
    salted: Hits
    unsalted: Hits


def people(seed: int, count: int) -> list[tuple[str, date]]:
    """Names of NTT and birth dates, a tenth on a 1 January."""
    rng, kabs, weights = Random(f"{seed}/attacked"), tuple(KAB_WEIGHTS), tuple(KAB_WEIGHTS.values())
    found = []
    for _ in range(count):
        born = date(1970, 1, 1) + timedelta(days=rng.randrange(13_000))
        born = born.replace(month=1, day=1) if rng.random() < 0.1 else born
        found.append((ntt_name(rng, rng.choice("FM"), rng.choices(kabs, weights)[0]).full, born))
    return found


def attack_names(seed: int = SEED, count: int = PEOPLE) -> list[Learnt]:
    """Every attack on name codes."""
    rng, known = Random(f"{seed}/attacks"), people(seed, count)
    names = [name for name, _ in known]
    salted, unsalted = attacks.encoded(KEY, known), attacks.encoded(KEY, known, salted=False)
    block = [(name, CROWDED) for name in names[:CROWD]]
    in_block, block_names = attacks.encoded(KEY, block), names[:CROWD]
    pool = unsalted[:CROWD]
    others = [name for name, _ in people(seed + 1, CROWD)]
    found = [
        Learnt(
            name="frequency: codes to names",
            salted=attacks.by_frequency(salted),
            unsalted=attacks.by_frequency(unsalted),
        ),
        Learnt(
            name="pattern: bits of the 20 commonest bigrams",
            salted=attacks.by_pattern(salted, attacks.bits_of_bigram(KEY, CROWDED)),
            unsalted=attacks.by_pattern(unsalted, attacks.bits_of_bigram(KEY, attacks.UNSALTED)),
        ),
        Learnt(
            name="graph: codes to names, all blocks, all names known",
            salted=attacks.by_graph(salted[:CROWD], block_names),
            unsalted=attacks.by_graph(pool, block_names),
        ),
    ]
    for share in (1.0, 0.8, 0.5):
        some = attacks.partly(rng, block_names, share, others)
        hits = attacks.by_graph(in_block, some)
        found.append(
            Learnt(
                name=f"graph: worst block of {CROWD}, {share:.0%} known",
                salted=hits,
                unsalted=attacks.by_graph(pool, some),
            )
        )
    hits = attacks.by_pattern(in_block, attacks.bits_of_bigram(KEY, CROWDED))
    found.append(Learnt(name=f"pattern: worst block of {CROWD}", salted=hits, unsalted=found[1].unsalted))
    return found


def dictionary(count: int = 20_000) -> tuple[int, float]:
    """Tokens of guessed numbers under guessed secrets that are there, and how many a second a key holder makes."""
    numbers = [f"XX{n:07d}" for n in range(count)]
    begun = time.perf_counter()
    real = {token(KEY, TokenKind.PASSPORT, number) for number in numbers}
    rate = count / (time.perf_counter() - begun)
    guesses = (b"\0" * 32, b"secret".ljust(32, b"\0"), KEY.kid.encode().ljust(32, b"\0"), b"lintas".ljust(32, b"\0"))
    met = sum(token(LinkageKey(KEY.kid, g), TokenKind.PASSPORT, n) in real for g in guesses for n in numbers[:2000])
    return met, rate


def table(facts: list[Admitted]) -> Iterator[str]:
    """Every figure, in lines of text."""
    yield f"{'attack without the key':<54}{'published':>11}{'no salt':>10}"
    for learnt in attack_names():
        yield f"  {learnt.name:<52}{learnt.salted.share:>11.4f}{learnt.unsalted.share:>10.4f}"
    met, rate = dictionary()
    yield f"  dictionary: tokens met under guessed secrets: {met}"
    hours = NIKS_OF_NTT / rate / 3600
    yield f"with the key: {rate:,.0f} tokens a second on one core; all {NIKS_OF_NTT:,} NIKs of NTT in {hours:.1f} hours"
    yield ""
    yield from fields_in_clear(facts)


def fields_in_clear(facts: list[Admitted]) -> Iterator[str]:
    """How few share what is published in clear."""
    events = [f.fact for f in facts if isinstance(f.fact, TransitEvent)]
    ntt = [e for e in events if (e.origin_region or "").startswith("53")]
    yield f"{'travellers of NTT who share the fields in clear':<54}{'alone':>8}{'under 5':>9}{'median':>8}"
    for name, like in (
        ("sex, birth year", lambda e: (e.sex, e.birth_year)),
        ("sex, birth year, kabupaten", lambda e: (e.sex, e.birth_year, e.origin_region[:4])),
        (
            "sex, birth year, kabupaten, checkpoint",
            lambda e: (e.sex, e.birth_year, e.origin_region[:4], e.checkpoint_id),
        ),
        ("checkpoint, day, sex, birth year", lambda e: (e.checkpoint_id, e.occurred_at.date(), e.sex, e.birth_year)),
        ("block (one birth date)", lambda e: e.block),
    ):
        found: Crowd = crowd(ntt, like)
        yield f"  {name:<52}{found.alone:>8.4f}{found.few:>9.4f}{found.median:>8}"
    left = days_left(events)
    many = max(1, len(left))
    month, week = (sum(n <= days for n in left) / many for days in (31, 7))
    yield f"days that ages leave for a block's birth date ({len(events)} crossings, {many} blocks):"
    yield f"  median {left[many // 2]}, within 31 days {month:.4f}, within 7 days {week:.4f} of the blocks"
    departures = [f.fact for f in facts if isinstance(f.fact, Departure)]
    yield f"departures that tie blocks a slip apart to one another: {linked_blocks(departures):.4f}"
