"""Attacks on the pseudonyms by somebody who reads every topic and has no key, and what they learn.

The attacker is given more than a real one would have: the plain names of the very people, in full or in part, and which
birth date a block is of.  Each attack also runs on codes without the birth date as salt, where it must succeed: else it
would prove nothing.  Attacks: frequency alignment; co-occurring bits (P. Christen et al., Precise and fast
cryptanalysis for Bloom filter based privacy-preserving record linkage, 2018); graph of likenesses (A. Vidanage et al.,
A graph matching attack on privacy-preserving record linkage, 2020).
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from random import Random

from schemas.identity import LinkageKey, code_bits, dice_bits, name_code, normalise_name

Codes = list[int]
STRANGER = LinkageKey("attacker", b"a key that the attacker made up..")
"""Likenesses hardly depend on the key, so the attacker makes codes of the plain names under one of their own."""
UNSALTED = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One person: what the attacker sees and what is true."""

    code: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Guesses made, and how many are right."""

    right: int
    of: int

    @property
    def share(self) -> float:
        """Right of all."""
        return self.right / self.of if self.of else 0.0


def encoded(key: LinkageKey, people: Sequence[tuple[str, date]], *, salted: bool = True) -> list[Named]:
    """The codes of people as published, or as they would be without the birth date as salt."""
    return [
        Named(code=code_bits(name_code(key, born if salted else UNSALTED, name) or ""), name=plain(name))
        for name, born in people
    ]


def plain(name: str) -> str:
    """The name as the codes see it."""
    return " ".join(normalise_name(name))


def by_frequency(people: Sequence[Named]) -> Hits:
    """The most frequent code is taken for the most frequent name, and so on; right guesses count people."""
    codes, names = Counter(p.code for p in people), Counter(p.name for p in people)
    guess = {
        code: name for (code, _), (name, _) in zip(codes.most_common(), sorted(names.items(), key=_often), strict=False)
    }
    # of what occurs once any order is as good: there the attacker knows nothing
    told = [p for p in people if codes[p.code] > 1]
    return Hits(right=sum(guess.get(p.code) == p.name for p in told), of=len(people))


def _often(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def by_graph(people: Sequence[Named], known: Sequence[str]) -> Hits:
    """Each code is taken for the known name whose likenesses to all others are most like the code's."""
    codes = [p.code for p in people]
    simulated = [code_bits(name_code(STRANGER, UNSALTED, name) or "") for name in known]
    theirs, ours = [_neighbourhood(c, codes) for c in codes], [_neighbourhood(c, simulated) for c in simulated]
    far = sorted((_distance(t, o), i, j) for i, t in enumerate(theirs) for j, o in enumerate(ours))
    guess: dict[int, str] = {}
    taken: set[int] = set()
    for _, i, j in far:
        if i not in guess and j not in taken:
            guess[i] = known[j]
            taken.add(j)
    return Hits(right=sum(plain(guess.get(i, "")) == p.name for i, p in enumerate(people)), of=len(people))


def _neighbourhood(code: int, among: Codes) -> list[float]:
    """Length, and the likenesses to the nearest and to evenly spread others."""
    likenesses = sorted((dice_bits(code, other) for other in among), reverse=True)
    last = len(likenesses) - 1
    return [code.bit_count() / 128, *likenesses[1:9], *(likenesses[last * k // 8] for k in range(1, 9))]


def _distance(a: list[float], b: list[float]) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=False))


def by_pattern(people: Sequence[Named], truth: Callable[[str], int], *, bigrams: int = 20, each: int = 10) -> Hits:
    """Bits that occur together are taken for the most frequent bigrams, one after the other."""
    columns = [0] * 512
    for row, person in enumerate(people):
        for bit in range(512):
            if person.code >> bit & 1:
                columns[bit] |= 1 << row
    often = Counter(g for p in people for g in {w[i : i + 2] for w in p.name.split() for i in range(len(w) - 1)})
    free, right, guessed = set(range(512)), 0, 0
    for gram, count in often.most_common(bigrams):
        seed = min(free, key=lambda bit: abs(columns[bit].bit_count() - count))
        together = sorted(free, key=lambda bit: -_jaccard(columns[seed], columns[bit]))[:each]
        bits = truth(gram)
        right += sum(bits >> bit & 1 for bit in together)
        guessed += len(together)
        free -= set(together)
    return Hits(right=right, of=guessed)


def _jaccard(a: int, b: int) -> float:
    either = (a | b).bit_count()
    return (a & b).bit_count() / either if either else 0.0


def bits_of_bigram(key: LinkageKey, born: date) -> Callable[[str], int]:
    """The true bits of a bigram, which only a holder of the key can tell."""
    secret = hmac.digest(key.secret, f"name|{born.isoformat()}".encode(), "sha256")

    def bits(gram: str) -> int:
        digest = blake2b(gram.encode(), key=secret, digest_size=30).digest()
        found = 0
        for i in range(10):
            found |= 1 << (511 - int.from_bytes(digest[2 * i : 2 * i + 2], "little") % 512)
        return found

    return bits


def partly(rng: Random, names: Sequence[str], share: float, others: Sequence[str]) -> list[str]:
    """What the attacker knows: a share of the true names, the rest made up of other people's."""
    kept = list(rng.sample(list(names), round(share * len(names))))
    return [*kept, *rng.sample(list(others), len(names) - len(kept))]
