"""The plainest spelling of an Indonesian name, so that the ways in which offices write it fall together."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TITLES = frozenset(
    {"H", "HJ", "HAJI", "HAJJAH", "DR", "DRS", "DRA", "DRG", "IR", "PROF", "TN", "NY", "NN", "SDR", "SDRI", "BAPAK"}
    | {"IBU", "PAK", "BU", "MR", "MRS", "MS", "MISS", "MSTR", "REV", "PDT", "RM", "SR", "BIN", "BINTI", "BT", "BTE"}
    | {"ANAK", "ALM", "ALMH"}
)
_DEGREES = frozenset(
    {"SPD", "SE", "SH", "SKOM", "SSOS", "SKM", "ST", "SP", "SPT", "SIP", "SAG", "SKEP", "STH", "SFIL", "SSI", "SPSI"}
    | {"SIKOM", "STR", "SHUM", "SPDI", "SPDK", "SPDSD", "NERS", "NS", "MM", "MT", "MH", "MPD", "MSI", "MSC", "MTH"}
    | {"MHUM", "MKES", "MBA", "MA", "MAG", "PHD", "LC", "AMD", "AMDKEB", "AMDKEP", "AMK", "AMKEB", "AMDPD", "DR"}
    | {"APT", "AK", "CA", "BA", "BSC", "SST", "SSTP", "SPOG", "SPA", "SPB"}
)
"""Academic degrees without their dots; left out after a comma, or where written with dots."""
_WORDS = (
    dict.fromkeys(("MUH", "MOH", "MOCH", "MUCH", "MUHD", "MOHD", "MOCHD", "MHD", "MUHAMMD"), "MUHAMAD")
    | dict.fromkeys(("ABD", "ABDL", "ABDU"), "ABDUL")
    | {"FRANS": "FRANSISKUS", "YOH": "YOHANES", "JOH": "YOHANES", "YHS": "YOHANES", "MRIA": "MARIA"}
)
_MUHAMAD = re.compile(r"M[OU](C?H|K|KH)A?M+[AE][DT]")
_SIMPLE = (
    ("AUGUST", "AGUST"),
    ("OE", "U"),
    ("DJ", "J"),
    ("TJ", "C"),
    ("SJ", "SY"),
    ("NJ", "NY"),
    ("PH", "F"),
    ("TH", "T"),
    ("DH", "D"),
    ("GH", "G"),
    ("BH", "B"),
    ("V", "F"),
    ("Z", "S"),
    ("X", "KS"),
    ("Q", "K"),
    ("CHR", "KR"),
    ("KH", "CH"),
)
_PATTERNS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"^SY", "S"),  # Syaiful, Saiful
        (r"CH(?=[AEIOUY])", "K"),  # Chandra, Michael, Khadijah
        (r"CH", "H"),  # Achmad, Bakhtiar
        (r"C(?=[EIY])", "S"),  # Francisca, Lucia
        (r"C", "K"),  # Catharina, Marcus, and (T)jandra with them
        (r"[YJ]", "I"),  # Yohanes, Johanes
        (r"AE", "AI"),  # Zaenal, Zainal
        (r"UW(?=[AEIO])", "U"),  # Suwarno, Suarno
        (r"(.)\1+", r"\1"),
        (r"(?<=[AEIOU])H$", ""),  # Fatimah, Fatima
    )
)
"""Old and new spelling, Latin and Indonesian baptismal names, and letters that offices exchange."""
_OCR = str.maketrans("01584", "OISBA")
_UNDECOMPOSED = str.maketrans({"Ø": "O", "Đ": "D", "Ł": "L", "Æ": "AE", "’": "'", "‘": "'", "ʼ": "'", "`": "'"})
_NOT_LETTERS = re.compile(r"[^A-Z]")
_MARKS = re.compile(r"[^A-Z0-9 ]")


@lru_cache(maxsize=65536)
def plain_word(word: str) -> str:
    """One word of capitals and digits in its plainest spelling; empty if it has no letter."""
    if not any(c.isalpha() for c in word):
        return ""
    word = _NOT_LETTERS.sub("", word.translate(_OCR))
    if len(word) == 1:
        return word
    word = "MUHAMAD" if _MUHAMAD.fullmatch(word) else _WORDS.get(word, word)
    for old, new in _SIMPLE:
        word = word.replace(old, new)
    for pattern, to in _PATTERNS:
        word = pattern.sub(to, word)
    return word


def normalise_name(text: str) -> tuple[str, ...]:
    """The words of a name in their plainest spelling; titles, degrees and bin/binti are left out.

    An initial stays one letter: in NTT `M.` is Maria as often as Muhammad.
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = text.upper()
    if not text.isascii():
        text = text.translate(_UNDECOMPOSED)
    if "," in text or "." in text:
        text = _without_degrees(text)
    # an apostrophe joins (MA'RUF), every other mark parts words
    raw = _MARKS.sub(" ", text.replace("'", "")).split()
    if raw and raw[0] == "ST":
        raw[0] = "SITI"
    kept = [w for w in raw if w not in _TITLES and w != "ST"] or raw
    return tuple(plain for plain in map(plain_word, kept) if plain)


def _without_degrees(text: str) -> str:
    """Leave out `, S.Pd.` and `S.Pd`, but not the given names of `SERAN, MARIA`."""
    first, *behind = text.split(",")
    words = [w for w in first.split() if "." not in w.rstrip(".") or _NOT_LETTERS.sub("", w) not in _DEGREES]
    for part in behind:
        if _NOT_LETTERS.sub("", part) in _DEGREES:
            continue
        words += [w for w in part.split() if _NOT_LETTERS.sub("", w) not in _DEGREES]
    return " ".join(words)
