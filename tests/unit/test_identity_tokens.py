"""Tokens: one identifier, one token; another kind or key, another token; and never the identifier itself."""

from __future__ import annotations

import base64
import hmac
import time
from datetime import date

import pytest

from schemas.identity import (
    KeyFileError,
    LinkageKey,
    TokenKind,
    block,
    kid_of,
    kind_of,
    name_code,
    normalise,
    token,
    weak_block,
)
from schemas.vocabulary import DocumentType

SECRET = b"a test key of thirty-two bytes.."
KEY = LinkageKey("test", SECRET)
OTHER = LinkageKey("next", SECRET[::-1])
BORN = date(1998, 5, 17)


def test_a_token_is_the_first_128_bits_of_the_hmac_in_base32() -> None:
    digest = hmac.digest(SECRET, b"token|passport|XX1234567", "sha256")[:16]
    expected = base64.b32encode(digest).decode().rstrip("=").lower()
    assert token(KEY, TokenKind.PASSPORT, "xx 123-4567") == f"test:{expected}"


def test_tokens_of_v1_never_change() -> None:
    """Literals: two provinces on two releases must still meet."""
    assert token(KEY, TokenKind.PASSPORT, "XX1234567") == "test:gkpz2bbfwjt75iov2et5qqjkma"
    assert token(KEY, TokenKind.NIK, "5399995705989001") == "test:hqlvwuqo4hfdfa5xvtar7qmhz4"
    assert block(KEY, BORN) == "test:uzqzbdlmhi7oabwnknqgfakrda"


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (
            TokenKind.PASSPORT,
            ["XX1234567", "xx 1234567", "XX-123.4567", "ＸＸ１２３４５６７", " XX 1234567\n", "XX١٢٣٤٥٦٧"],
        ),
        (
            TokenKind.NIK,
            ["5399995705989001", "539999 570598 9001", "５３９９９９５７０５９８９００１", "NIK: 5399995705989001"],
        ),
        (TokenKind.KK, ["5399990101209001", "53.9999.010120.9001"]),
        (
            TokenKind.PAYER,
            [
                *("081200009001", "+6281200009001", "6281200009001", "0812-0000-9001", "+62 812 0000 9001"),
                *("81200009001", "+62 (0)812 0000 9001", "0062 812 0000 9001", "(0812) 0000.9001"),
            ],
        ),
        (TokenKind.PAYER, ["calo@example.org", "Calo@Example.ORG ", "ＣＡＬＯ@example.org"]),
        (TokenKind.PAYER, ["PT Contoh", "pt. contoh", "PT-CONTOH"]),
        (TokenKind.BOOKING, ["ab12cd", "AB 12 CD", "AB12-CD"]),
        (TokenKind.PARTY, ["rombongan 7", "ROMBONGAN-7"]),
    ],
)
def test_spellings_of_one_identifier_have_one_token(kind: TokenKind, spellings: list[str]) -> None:
    assert len({token(KEY, kind, s) for s in spellings}) == 1
    assert None not in {normalise(kind, s) for s in spellings}


@pytest.mark.parametrize(
    ("kind", "a", "b"),
    [
        (TokenKind.PASSPORT, "XX1234567", "XX1234568"),
        (TokenKind.PASSPORT, "XX0234567", "XXO234567"),
        (TokenKind.PAYER, "+81 90 0000 9001", "090 0000 9001"),
        (TokenKind.PAYER, "+60 12 000 9001", "+62 12 000 9001"),
        (TokenKind.PAYER, "a@example.org", "b@example.org"),
    ],
)
def test_different_identifiers_have_different_tokens(kind: TokenKind, a: str, b: str) -> None:
    assert token(KEY, kind, a) != token(KEY, kind, b)


@pytest.mark.parametrize("kind", list(TokenKind))
@pytest.mark.parametrize("value", ["", " ", "-", "...", "\u3000"])
def test_nothing_has_no_token(kind: TokenKind, value: str) -> None:
    assert normalise(kind, value) is None
    assert token(KEY, kind, value) is None


def test_equal_values_of_two_kinds_two_uses_or_two_keys_never_meet() -> None:
    value = "5399995705989001"
    made = [token(key, kind, value) for kind in TokenKind for key in (KEY, OTHER)]
    made += [block(KEY, BORN), weak_block(KEY, value), weak_block(KEY, BORN.isoformat()), block(OTHER, BORN)]
    tails = [text.partition(":")[2] for text in made if text]
    assert len(set(tails)) == len(made)


def test_the_key_id_is_readable() -> None:
    assert kid_of(token(KEY, TokenKind.PASSPORT, "XX1234567") or "") == "test"
    assert kid_of(weak_block(OTHER, "x")) == "next"


def test_a_document_type_says_what_its_number_is() -> None:
    assert kind_of(DocumentType.PASSPORT) is TokenKind.PASSPORT
    assert kind_of(DocumentType.SPLP) is TokenKind.SPLP
    assert kind_of(DocumentType.PLB) is TokenKind.PLB
    assert kind_of(DocumentType.KTP) is TokenKind.NIK
    assert kind_of(DocumentType.NONE) is kind_of(DocumentType.OTHER) is None


def test_a_key_file_says_what_it_holds() -> None:
    assert LinkageKey.from_text(KEY.to_text()) == KEY
    secret = base64.urlsafe_b64encode(SECRET).decode()
    text = f"\ufeff# of the provinces\r\n\r\n Secret : {secret}  # keep\r\nKID: test\r\n"
    assert LinkageKey.from_text(text) == KEY


GOOD = base64.b64encode(SECRET).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the key file has no `kid`"),
        ("kid: a\n", "the key file has no `secret`"),
        ("kid:\nsecret: " + GOOD, "the key file has no `kid`"),
        (f"kid: a\nsecret: {GOOD}\nsecret: {GOOD}", "line 3 of the key file"),
        (f"kid: a\nsecret = {GOOD}", "line 2 of the key file"),
        (f"kid: a\n{GOOD}", "line 2 of the key file"),
        (f"kid: a\nsecret: {GOOD}!", "is not base64"),
        (f"kid: a b\nsecret: {GOOD}", "the key id must be"),
        (f"kid: a:b\nsecret: {GOOD}", "the key id must be"),
        (f"kid: a\nsecret: {GOOD[:40]}", "the secret must have at least 32 bytes"),
    ],
)
def test_a_bad_key_file_is_refused_without_showing_the_secret(text: str, message: str) -> None:
    with pytest.raises(KeyFileError, match=message) as caught:
        LinkageKey.from_text(text)
    assert GOOD[:12] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_printed_key_shows_no_secret() -> None:
    assert repr(KEY) == "LinkageKey(kid='test')"
    assert "thirty" not in f"{KEY} {[KEY]}"


def test_tokens_and_name_codes_are_made_fast() -> None:
    """Ten times slower than measured is still enough for a ferry; slower than that is a mistake."""
    started = time.perf_counter()
    for i in range(5000):
        token(KEY, TokenKind.PASSPORT, f"XX{i:07}")
    tokens_seconds = time.perf_counter() - started
    started = time.perf_counter()
    for i in range(1000):
        name_code(KEY, date.fromordinal(730000 + i), "PETRUS KANISIUS LEBA")
    names_seconds = time.perf_counter() - started
    assert tokens_seconds < 0.5
    assert names_seconds < 0.4
