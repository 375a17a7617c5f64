"""Keyed pseudonyms: the same identifier gives the same token wherever the key is the same, and says nothing without it.

A token is `kid:base32(HMAC-SHA256(key, kind | normalised value))`, cut to 128 bits: far from a collision among all
travellers of a century, and half as long on the wire as the whole.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

TOKEN_BYTES = 16
MIN_SECRET_BYTES = 32
_KID = re.compile(r"[A-Za-z0-9_.-]{1,32}")


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


class KeyFileError(ValueError):
    """A key file cannot be used; the text says why and never shows the secret."""


@dataclass(frozen=True, slots=True)
class LinkageKey:
    """The secret that the provinces share and the centre never has."""

    kid: str
    """Names the key; stands in front of every token."""
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _KID.fullmatch(self.kid):
            msg = "the key id must be 1 to 32 letters, digits, dots, dashes or underscores"
            raise KeyFileError(msg)
        if len(self.secret) < MIN_SECRET_BYTES:
            msg = f"the secret must have at least {MIN_SECRET_BYTES} bytes"
            raise KeyFileError(msg)

    @classmethod
    def from_text(cls, text: str) -> LinkageKey:
        """Read a key file: two lines, `kid: NAME` and `secret: BASE64`; `#` begins a comment.

        Raises:
            KeyFileError: a line is missing or not of that form.
        """
        found: dict[str, str] = {}
        for line in text.splitlines():
            name, mark, value = line.partition("#")[0].partition(":")
            if mark:
                found[name.strip().lower()] = value.strip()
        if "kid" not in found or "secret" not in found:
            msg = "a key file has two lines, `kid: NAME` and `secret: BASE64`"
            raise KeyFileError(msg)
        try:
            secret = base64.b64decode(found["secret"], validate=True)
        except ValueError:
            msg = "the secret of the key file is not base64"
            raise KeyFileError(msg) from None
        return cls(found["kid"], secret)

    def to_text(self) -> str:
        """The content of a key file; keep it where only its owner can read."""
        return f"kid: {self.kid}\nsecret: {base64.b64encode(self.secret).decode()}\n"


def normalise(kind: TokenKind, value: str) -> str | None:
    """The published spelling of an identifier; None = nothing of it is left.

    NFKC first (full-width digits), then: numbers of documents, bookings and parties keep letters and digits in upper
    case; NIK and KK keep digits; a payer is an e-mail address in lower case, else a phone number with the country
    code 62 for a leading 0, else letters and digits.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if kind in (TokenKind.NIK, TokenKind.KK):
        return re.sub(r"\D", "", text) or None
    if kind is TokenKind.PAYER:
        return _payer(text)
    return "".join(c for c in text.upper() if c.isalnum()) or None


def _payer(text: str) -> str | None:
    if "@" in text:
        return "".join(text.lower().split()) or None
    if re.fullmatch(r"[+\d\s().-]{6,}", text):
        digits = re.sub(r"\D", "", text).removeprefix("00")
        return "62" + digits[1:] if digits.startswith("0") else digits or None
    return "".join(c for c in text.upper() if c.isalnum()) or None


def _encode(key: LinkageKey, text: str) -> str:
    digest = hmac.digest(key.secret, text.encode(), "sha256")[:TOKEN_BYTES]
    return f"{key.kid}:{base64.b32encode(digest).decode().rstrip('=').lower()}"


def token(key: LinkageKey, kind: TokenKind, value: str) -> str | None:
    """The token of an identifier; None = nothing is left of it after normalisation."""
    normal = normalise(kind, value)
    return _encode(key, f"token|{kind.value}|{normal}") if normal else None


def block(key: LinkageKey, birth_date: date) -> str:
    """Where everything about people born on that day meets; its bytes are the Kafka key."""
    return _encode(key, f"block|{birth_date.isoformat()}")


def weak_block(key: LinkageKey, token_or_code: str) -> str:
    """The block of a record whose birth date is unknown, from its strongest document token."""
    return _encode(key, f"weak|{token_or_code}")


def kid_of(token_text: str) -> str:
    """The id of the key that made a token."""
    return token_text.partition(":")[0]
