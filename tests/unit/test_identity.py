"""Tokens, NIK, MRZ and name codes by example."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.identity import (
    KeyFileError,
    LinkageKey,
    TokenKind,
    Validity,
    block,
    code_bits,
    dice_bits,
    name_code,
    normalise,
    normalise_name,
    overlap_bits,
    read_mrz,
    read_nik,
    token,
    write_td1,
    write_td3,
)
from schemas.vocabulary import Sex

KEY = LinkageKey("k1", b"0123456789abcdef0123456789abcdef")
AT, BORN = date(2026, 11, 1), date(1990, 1, 2)


@pytest.mark.parametrize(
    ("kind", "typed", "normal"),
    [
        (TokenKind.PASSPORT, " xx-123 4567 ", "XX1234567"),
        (TokenKind.PASSPORT, "ＸＸ１２３４５６７", "XX1234567"),
        (TokenKind.NIK, "53.9999.570598.9001", "5399995705989001"),
        (TokenKind.PAYER, "0812-0000-0001", "6281200000001"),
        (TokenKind.PAYER, "+62 812 0000 0001", "6281200000001"),
        (TokenKind.PAYER, "Agen@Contoh.ID", "agen@contoh.id"),
        (TokenKind.BOOKING, "pnr-x1", "PNRX1"),
        (TokenKind.PASSPORT, " -- ", None),
    ],
)
def test_normalisation_is_published(kind: TokenKind, typed: str, normal: str | None) -> None:
    """Two offices that type one number differently get one token."""
    assert normalise(kind, typed) == normal


def test_tokens_of_two_kinds_or_keys_never_meet() -> None:
    """The kind and the key are part of what is hashed."""
    other = LinkageKey("k1", b"another secret of thirty-two byte")
    made = {token(KEY, kind, "5399995705989001") for kind in TokenKind} | {
        token(other, TokenKind.NIK, "5399995705989001")
    }
    assert len(made) == len(TokenKind) + 1
    assert block(KEY, BORN) != block(other, BORN)


def test_a_key_never_shows_its_secret() -> None:
    """Neither repr nor an error text holds the secret."""
    assert "0123" not in repr(KEY)
    assert LinkageKey.from_text(KEY.to_text()) == KEY
    for text in ("", "kid: a", "kid: a\nsecret: ???", "kid: a\nsecret: c2hvcnQ=", "kid: a b\nsecret: c2hvcnQ="):
        with pytest.raises(KeyFileError) as caught:
            LinkageKey.from_text(text)
        assert "c2hvcnQ" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "validity"),
    [
        ("5301045705989001", Validity.VALID),
        ("5304060205989001", Validity.HISTORIC),
        ("5399995705989001", Validity.SUSPECT),
        ("530104.570598.9001", Validity.VALID),
        ("9999995705989001", Validity.INVALID),
        ("5301045705980000", Validity.INVALID),
        ("5301043202989001", Validity.INVALID),
        ("530104570598900", Validity.INVALID),
        ("53010457059890012", Validity.INVALID),
        ("NIK", Validity.INVALID),
    ],
)
def test_nik_validity(typed: str, validity: Validity) -> None:
    """A code that is not in today's list may be old: only what cannot be is invalid."""
    assert read_nik(typed, AT).validity is validity


def test_a_nik_gives_sex_and_birth_date() -> None:
    """Women have 40 added to the day; the century is the latest that is not in the future."""
    woman, man = read_nik("5399994201909001", AT), read_nik("5399990201909001", AT)
    assert (woman.sex, woman.birth_date, man.sex) == (Sex.F, date(1990, 1, 2), Sex.M)
    assert read_nik("5399992902009001", AT).birth_date == date(2000, 2, 29)
    assert read_nik("5399990112269001", AT).birth_date == date(1926, 12, 1)
    assert "5399" not in repr(woman)


def test_the_specimens_of_icao_9303_read() -> None:
    """TD3 and TD1 as printed in the standard, all check digits right."""
    passport = read_mrz(
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", AT
    )
    card = read_mrz(
        "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", AT
    )
    small = read_mrz("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6", AT)
    for zone, number in ((passport, "L898902C3"), (card, "D23145890"), (small, "D23145890")):
        assert zone.ok, zone
        assert (zone.number, zone.name) == (number, "ANNA MARIA ERIKSSON")
        assert (zone.birth_date, zone.sex, zone.nationality) == (date(1974, 8, 12), Sex.F, "UTO")


def test_a_mononym_has_no_given_name() -> None:
    """One name and no `<<` is a surname alone."""
    zone = read_mrz(
        write_td3(number="XX1234567", surname="DOMINGGUS", given_names="", birth_date=BORN, sex=Sex.M, expires_on=AT),
        AT,
    )
    assert (zone.ok, zone.name) == (True, "DOMINGGUS")


def test_a_long_card_number_goes_on_in_the_optional_data() -> None:
    """ICAO 9303-5: more than nine characters."""
    zone = read_mrz(
        write_td1(number="XX12345678901", surname="A", given_names="B", birth_date=BORN, sex=Sex.F, expires_on=AT), AT
    )
    assert (zone.ok, zone.number) == (True, "XX12345678901")


@pytest.mark.parametrize("text", ["", "P<IDN", "x" * 88, "P<IDN<<<\n123", "I" * 90 + "é"])
def test_what_is_no_zone_is_a_problem_not_a_crash(text: str) -> None:
    """Any text gives a result."""
    assert not read_mrz(text, AT).ok


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MUHAMMAD SYAIFUL", "Moh. Saiful"),
        ("YOHANES BERE", "JOHANES BERE"),
        ("MARIA GORETI", "Maria Goretti"),
        ("SOEKARNO DJAMI", "SUKARNO JAMI"),
        ("YOSEPHINA BANO", "YOSEFINA BANO"),
        ("H. ABD RAHMAN, S.Pd", "ABDUL RAHMAN"),
        ("FRANSISKA D4 S1LVA", "FRANSISKA DA SILVA"),
        ("MARKUS bin YUSUF", "MARKUS YUSUF"),
    ],
)
def test_spellings_of_one_name_are_near(one: str, other: str) -> None:
    """The old and the new spelling, a title, a digit read for a letter."""
    a, b = (code_bits(name_code(KEY, BORN, n) or "") for n in (one, other))
    assert dice_bits(a, b) >= 0.9


def test_a_dropped_name_lies_in_the_longer_one() -> None:
    """Dice falls when a name is left out; the overlap does not."""
    a, b = (code_bits(name_code(KEY, BORN, n) or "") for n in ("DOMINGGUS", "DOMINGGUS TAKENE"))
    assert overlap_bits(a, b) == 1.0
    assert dice_bits(a, b) < 0.9


def test_names_of_two_birth_dates_cannot_be_compared() -> None:
    """The salt is the birth date."""
    a, b = (code_bits(name_code(KEY, d, "MARIA GORETI SERAN") or "") for d in (BORN, date(1990, 1, 3)))
    assert dice_bits(a, b) < 0.6


def test_a_name_without_letters_has_no_code() -> None:
    """Nothing is hashed where nothing is known."""
    assert name_code(KEY, BORN, " -. ") is None
    assert normalise_name("") == ()
    assert code_bits("short") == 0
