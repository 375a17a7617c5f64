"""Keyed name codes: near-equal names can be found near-equal by those who never see them.

A code is a cryptographic long-term key (CLK): a Bloom filter over the bigrams of the normalised name, hashed under the
linkage key and salted with the birth date, so that codes of two birth dates cannot be compared at all.  Everything in
this module and in `spelling` is part of the treaty: a change makes new codes, which needs a new key id.
Source: R. Schnell et al., A novel error-tolerant anonymous linking code, 2011; the weights were measured on synthetic
names of NTT (tests/unit/test_identity_name_corpus.py).
"""

from __future__ import annotations

import base64
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from struct import unpack
from typing import Any

from schemas.identity.spelling import normalise_name
from schemas.identity.tokens import LinkageKey

__all__ = ["BITS", "code_bits", "code_of_words", "dice", "dice_bits", "name_code", "normalise_name", "overlap_bits"]

BITS = 512
HASHES = 10
"""Bits set per bigram: a name of 20 bigrams fills a quarter of the filter."""
HASHES_FIRST = 15
"""Clerks mistype the first letter of a word least, so it says most; it is also all that an initial has."""
HASHES_COMMON = 8
"""A name that everybody bears says less about who it is."""
COMMON = frozenset(
    {"MARIA", "IOHANES", "IOHANA", "IOSEF", "IOSEFINA", "PETRUS", "FRANSISKUS", "FRANSISKA", "ANTONIUS", "KRISTINA"}
    | {"ANASTASIA", "MARGARETA", "AGUSTINA", "AGUSTINUS", "TERESIA", "PAULUS", "MARTINUS", "IULIANA", "ANA", "MARTA"}
    | {"SITI", "NUR", "SRI", "MUHAMAD", "AHMAD", "ABDUL", "SERAN", "BERE", "NAHAK", "LEBA", "KLAU"}
)
"""In normalised spelling."""
MAX_GRAMS = 60
"""Bigrams beyond these are left out, so that no name fills the filter and lies inside every other."""
MAX_BITS_SET = 400
"""No name code has more; a fuller one would contain everybody."""

_CODE_BYTES = BITS // 8
_MOST = max(HASHES, HASHES_FIRST)
_ZERO, _ONE = b"0" * BITS, ord("1")


@lru_cache(maxsize=65536)
def _grams(word: str) -> tuple[tuple[bytes, int], ...]:
    """The bigrams of a word between blanks, each with the number of its bits."""
    first = (f"_{word[0]}".encode(), HASHES_FIRST)
    if len(word) == 1:
        return (first,)
    hashes = HASHES_COMMON if word in COMMON else HASHES
    rest = dict.fromkeys((f"{word}_"[i : i + 2].encode() for i in range(len(word))), hashes)
    return (first, *rest.items())


def _weighed(words: tuple[str, ...]) -> dict[bytes, int]:
    grams: dict[bytes, int] = {}
    for word in words:
        for gram, hashes in _grams(word):
            if gram in grams:
                grams[gram] = max(grams[gram], hashes)
            elif len(grams) < MAX_GRAMS:
                grams[gram] = hashes
    return grams


@lru_cache(maxsize=65536)
def _keyed(key: LinkageKey, birth_date: date | None) -> Any:
    """The hash of a birth date's bigrams before the first bigram."""
    salt = birth_date.isoformat() if birth_date else "-"
    return blake2b(key=key.mac(f"name|{salt}".encode()), digest_size=2 * _MOST)


def name_code(key: LinkageKey, birth_date: date | None, name: str) -> str | None:
    """The code of a name under a birth date; None = the name has no letters."""
    return code_of_words(key, birth_date, normalise_name(name))


def code_of_words(key: LinkageKey, birth_date: date | None, words: tuple[str, ...]) -> str | None:
    """The code of a name that is already in its plainest spelling; None = it has no words."""
    grams = _weighed(words)
    if not grams:
        return None
    copied = _keyed(key, birth_date).copy
    hashed = []
    for gram, hashes in grams.items():
        state = copied()
        state.update(gram)
        hashed.append(state.digest()[: 2 * hashes])
    bits = b"".join(hashed)
    digits = bytearray(_ZERO)
    # read at once: reading each bigram's positions takes as long as hashing it
    for position in unpack(f"<{len(bits) // 2}H", bits):
        digits[position % BITS] = _ONE
    filled = int(digits, 2).to_bytes(_CODE_BYTES, "big")
    return base64.urlsafe_b64encode(filled).decode().rstrip("=")


def code_bits(code: str) -> int:
    """A name code as a number, for comparing; 0 = not a name code."""
    try:
        raw = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return 0
    bits = int.from_bytes(raw, "big") if len(raw) == _CODE_BYTES else 0
    return bits if bits.bit_count() <= MAX_BITS_SET else 0


def dice_bits(a: int, b: int) -> float:
    """Dice coefficient of two codes, 0 to 1."""
    both = a.bit_count() + b.bit_count()
    return 2 * (a & b).bit_count() / both if both else 0.0


def overlap_bits(a: int, b: int) -> float:
    """How much of the shorter name lies in the longer, 0 to 1: high when a name was dropped or added."""
    least = min(a.bit_count(), b.bit_count())
    return (a & b).bit_count() / least if least else 0.0


def dice(a: str, b: str) -> float:
    """Dice coefficient of two name codes, 0 to 1."""
    return dice_bits(code_bits(a), code_bits(b))
