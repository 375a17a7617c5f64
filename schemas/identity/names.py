"""Keyed name codes: near-equal names can be found near-equal by those who never see them.

A code is a cryptographic long-term key (CLK): a Bloom filter over the bigrams of the normalised name, hashed under the
linkage key and salted with the birth date, so that codes of two birth dates cannot be compared at all.
Source: R. Schnell et al., A novel error-tolerant anonymous linking code, 2011.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from datetime import date
from functools import lru_cache
from hashlib import blake2b

from schemas.identity.tokens import LinkageKey

BITS = 512
HASHES = 12
"""Bits set per bigram: with 20 bigrams a filter is about a third full."""
_BYTES = BITS // 8

_TITLES = frozenset(
    {"H", "HJ", "HAJI", "HAJJAH", "DR", "DRS", "DRA", "IR", "PROF", "TN", "NY", "NN", "SDR", "SDRI", "BAPAK", "IBU"}
    | {"PAK", "BU", "MR", "MRS", "MS", "REV", "PDT", "RM", "SR", "BIN", "BINTI", "ANAK", "ALM", "ALMH"}
)
_DEGREES = re.compile(r",.*$")
_WORDS = {
    "MUH": "MUHAMAD",
    "MOH": "MUHAMAD",
    "MUHD": "MUHAMAD",
    "MOHD": "MUHAMAD",
    "MHD": "MUHAMAD",
    "MD": "MUHAMAD",
    "MUHAMMAD": "MUHAMAD",
    "MOHAMMAD": "MUHAMAD",
    "MOHAMAD": "MUHAMAD",
    "MOHAMED": "MUHAMAD",
    "MOHAMMED": "MUHAMAD",
    "MOCHAMAD": "MUHAMAD",
    "MOCHAMMAD": "MUHAMAD",
    "MOCH": "MUHAMAD",
    "MUCHAMAD": "MUHAMAD",
    "MUCHAMMAD": "MUHAMAD",
    "ABD": "ABDUL",
    "ABDL": "ABDUL",
    "ST": "SITI",
    "FRANS": "FRANSISKUS",
    "YOH": "YOHANES",
}
_SPELLINGS = (
    ("OE", "U"),
    ("DJ", "J"),
    ("TJ", "C"),
    ("SJ", "SY"),
    ("NJ", "NY"),
    ("CH", "H"),
    ("PH", "F"),
    ("KH", "K"),
    ("TH", "T"),
    ("DH", "D"),
    ("GH", "G"),
    ("V", "F"),
    ("Z", "S"),
    ("X", "KS"),
    ("Q", "K"),
    ("Y", "I"),
    ("J", "I"),
)
"""Old and new spelling, and letters that offices exchange; Y, J and I fall together (Yohanes, Johanes)."""
_OCR = str.maketrans("01584", "OISBA")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=65536)
def _normal_word(word: str) -> str:
    if any(c.isalpha() for c in word):
        word = word.translate(_OCR)
    word = re.sub(r"[^A-Z]", "", word)
    word = _WORDS.get(word, word)
    for old, new in _SPELLINGS:
        word = word.replace(old, new)
    return _DOUBLED.sub(r"\1", word)


def normalise_name(text: str) -> tuple[str, ...]:
    """The words of a name in their plainest spelling; titles, degrees and bin/binti are left out."""
    plain = unicodedata.normalize("NFKD", _DEGREES.sub("", text).replace("’", "'")).upper()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    # an apostrophe joins (MA'RUF), every other mark parts words
    plain = re.sub(r"[^A-Z0-9 ]", " ", plain.replace("'", ""))
    raw = [w for w in plain.split() if w not in _TITLES] or plain.split()
    return tuple(w for w in (_normal_word(w) for w in raw) if w)


@lru_cache(maxsize=65536)
def _grams(word: str) -> tuple[bytes, ...]:
    padded = f"_{word}_"
    return tuple({padded[i : i + 2].encode() for i in range(len(padded) - 1)})


def name_code(key: LinkageKey, birth_date: date | None, name: str) -> str | None:
    """The code of a name under a birth date; None = the name has no letters."""
    words = normalise_name(name)
    grams = {g for w in words for g in _grams(w)}
    if not grams:
        return None
    salt = birth_date.isoformat() if birth_date else "-"
    secret = hmac.digest(key.secret, f"name|{salt}".encode(), "sha256")
    bits = 0
    for gram in grams:
        digest = blake2b(gram, key=secret, digest_size=2 * HASHES).digest()
        for i in range(0, 2 * HASHES, 2):
            bits |= 1 << (int.from_bytes(digest[i : i + 2], "little") % BITS)
    return base64.urlsafe_b64encode(bits.to_bytes(_BYTES, "little")).decode().rstrip("=")


def code_bits(code: str) -> int:
    """A name code as a number, for comparing; 0 = not a name code of this length."""
    try:
        raw = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except ValueError:
        return 0
    return int.from_bytes(raw, "little") if len(raw) == _BYTES else 0


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
