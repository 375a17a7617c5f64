"""Keyed pseudonyms: the same identifier gives the same token wherever the key is the same, and says nothing without it.

A token is `kid:base32(HMAC-SHA256(key, kind | normalised value))`, cut to 128 bits: far from a collision among all
travellers of a century, and half as long on the wire as the whole.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any

from schemas.vocabulary import DocumentType

TOKEN_BYTES = 16
MIN_SECRET_BYTES = 32
HMAC_BLOCK_BYTES = 64
"""Of SHA-256."""
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_KID = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)
_NOT_ALNUM = re.compile(r"[^A-Z0-9]")
_NOT_DIGITS = re.compile(r"[^0-9]")
_PHONE = re.compile(r"[+0-9\s().\-]{6,}")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(a + b for a in _BASE32 for b in _BASE32)
"""Ten bits at a time: `base64.b32encode` takes longer than the HMAC."""
_SHIFTS = tuple(range(120, -1, -10))


class TokenKind(StrEnum):
    """What a token stands for; part of the hashed text, so that equal values of two kinds never meet."""

    PASSPORT = "passport"
    NIK = "nik"
    KK = "kk"
    PAYER = "payer"
    BOOKING = "booking"
    PARTY = "party"
    SPLP = "splp"
    PLB = "plb"


_DOCUMENTS = frozenset({TokenKind.PASSPORT, TokenKind.SPLP, TokenKind.PLB})


class KeyFileError(ValueError):
    """A key file cannot be used; the text says why and never shows the secret."""


@dataclass(frozen=True, slots=True)
class LinkageKey:
    """The secret that the provinces share and the centre never has."""

    kid: str
    """Names the key; stands in front of every token."""
    secret: bytes = field(repr=False)
    # the two halves of HMAC that depend on the secret alone: `hmac.digest` makes them anew each time, at four times
    # the cost of the rest
    _inner: Any = field(init=False, repr=False, compare=False)
    _outer: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _KID.fullmatch(self.kid):
            msg = "the key id must be 1 to 32 letters, digits, dots, dashes or underscores"
            raise KeyFileError(msg)
        if len(self.secret) < MIN_SECRET_BYTES:
            msg = f"the secret must have at least {MIN_SECRET_BYTES} bytes"
            raise KeyFileError(msg)
        padded = self.secret if len(self.secret) <= HMAC_BLOCK_BYTES else sha256(self.secret).digest()
        padded = padded.ljust(HMAC_BLOCK_BYTES, b"\0")
        object.__setattr__(self, "_inner", sha256(padded.translate(_INNER)))
        object.__setattr__(self, "_outer", sha256(padded.translate(_OUTER)))

    def __reduce__(self) -> tuple[object, ...]:
        return LinkageKey, (self.kid, self.secret)

    def mac(self, text: bytes) -> bytes:
        """HMAC-SHA256 of a text under the secret."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        digest: bytes = outer.digest()
        return digest

    @classmethod
    def from_text(cls, text: str) -> LinkageKey:
        """Read a key file: two lines, `kid: NAME` and `secret: BASE64`; `#` begins a comment.

        Raises:
            KeyFileError: a line is missing, twice there, or not of that form; names the line, never its content.
        """
        found: dict[str, str] = {}
        for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
            content = line.partition("#")[0].strip()
            name, mark, value = content.partition(":")
            name = name.strip().lower()
            if content and (not mark or name not in ("kid", "secret") or name in found):
                msg = f"line {number} of the key file: expected one `kid: NAME` and one `secret: BASE64`"
                raise KeyFileError(msg)
            if content:
                found[name] = value.strip()
        for name in ("kid", "secret"):
            if not found.get(name):
                msg = f"the key file has no `{name}`; it needs two lines, `kid: NAME` and `secret: BASE64`"
                raise KeyFileError(msg)
        try:
            secret = base64.b64decode(found["secret"].replace("-", "+").replace("_", "/"), validate=True)
        except ValueError:
            msg = "the `secret` of the key file is not base64"
            raise KeyFileError(msg) from None
        return cls(found["kid"], secret)

    def to_text(self) -> str:
        """The content of a key file; keep it where only its owner can read."""
        return f"kid: {self.kid}\nsecret: {base64.b64encode(self.secret).decode()}\n"


_KIND_OF = {
    DocumentType.PASSPORT: TokenKind.PASSPORT,
    DocumentType.SPLP: TokenKind.SPLP,
    DocumentType.PLB: TokenKind.PLB,
    DocumentType.KTP: TokenKind.NIK,
}


def kind_of(document: DocumentType) -> TokenKind | None:
    """What the number of such a document is: a KTP's is the NIK; None = no number that could meet another."""
    return _KIND_OF.get(document)


def latin_digits(text: str) -> str:
    """Full-width forms to ASCII, and every script's decimal digits to 0-9."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def normalise(kind: TokenKind, value: str) -> str | None:
    """The published spelling of an identifier; None = nothing of it is left.

    NFKC first, digits of any script to 0-9, then: a document's number keeps A-Z and 0-9 in upper case; NIK and KK keep
    digits; bookings and parties keep letters and digits in upper case; a payer is an e-mail address in lower case, else
    a phone number with its country code (Indonesia's 62 for a leading 0, and where a spreadsheet lost the 0), else
    letters and digits in upper case.
    """
    text = latin_digits(value)
    if kind in _DOCUMENTS:
        text = text.upper()
        return text if text.isascii() and text.isalnum() else _NOT_ALNUM.sub("", text) or None
    if kind in (TokenKind.NIK, TokenKind.KK):
        return _NOT_DIGITS.sub("", text) or None
    if kind is TokenKind.PAYER:
        return _payer(text.strip())
    return _letters_and_digits(text)


def _letters_and_digits(text: str) -> str | None:
    text = text.upper()
    if text.isascii():
        return _NOT_ALNUM.sub("", text) or None
    return "".join(c for c in text if c.isalnum()) or None


def _payer(text: str) -> str | None:
    if "@" in text:
        return "".join(text.lower().split()) or None
    if not _PHONE.fullmatch(text):
        return _letters_and_digits(text)
    abroad = text.lstrip("( ").startswith(("+", "00"))
    digits = _NOT_DIGITS.sub("", text)
    if abroad:
        digits = digits.removeprefix("00")
    elif digits.startswith("0"):
        digits = "62" + digits[1:]
    elif digits.startswith("8") and 9 <= len(digits) <= 12:
        digits = "62" + digits
    # `+62 (0)812` carries both prefixes
    return ("62" + digits[3:] if digits.startswith("620") else digits) or None


def _encode(key: LinkageKey, text: str) -> str:
    digest = key.mac(text.encode("utf-8", "surrogatepass"))
    # 128 bits and two zero bits are 26 base32 digits of RFC 4648
    number = int.from_bytes(digest[:TOKEN_BYTES], "big") << 2
    return key.kid + ":" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def token(key: LinkageKey, kind: TokenKind, value: str) -> str | None:
    """The token of an identifier; None = nothing is left of it after normalisation."""
    return token_of_normal(key, kind, normalise(kind, value))


def token_of_normal(key: LinkageKey, kind: TokenKind, normal: str | None) -> str | None:
    """The token of an identifier in its published spelling."""
    return _encode(key, f"token|{kind.value}|{normal}") if normal else None


@lru_cache(maxsize=65536)
def block(key: LinkageKey, birth_date: date) -> str:
    """Where everything about people born on that day meets; its bytes are the Kafka key."""
    return _encode(key, f"block|{birth_date.isoformat()}")


def weak_block(key: LinkageKey, token_or_code: str) -> str:
    """The block of a record whose birth date is unknown, from its strongest document token."""
    return _encode(key, f"weak|{token_or_code}")


def kid_of(token_text: str) -> str:
    """The id of the key that made a token."""
    return token_text.partition(":")[0]
