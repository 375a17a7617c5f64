"""Laws of the identity readers."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import LinkageKey, TokenKind, dice, name_code, read_mrz, read_nik, token, write_td1, write_td3
from schemas.vocabulary import Sex

KEY = LinkageKey("k1", b"0123456789abcdef0123456789abcdef")
AT = date(2026, 11, 1)
dates = st.dates(date(1930, 1, 1), date(2026, 1, 1))
words = st.text("ABCDEFGHIKLMNOPRSTUWY", min_size=1, max_size=9)
numbers = st.from_regex(r"[A-Z]{2}[0-9]{7}", fullmatch=True)
zones = st.builds(
    lambda number, surname, given, born, sex, writer: (
        writer(
            number=number, surname=surname, given_names=given, birth_date=born, sex=sex, expires_on=date(2031, 2, 3)
        ),
        (number, surname, given, born, sex),
    ),
    numbers,
    words,
    words,
    dates,
    st.sampled_from([Sex.F, Sex.M]),
    st.sampled_from([write_td1, write_td3]),
)


@given(zones)
def test_what_is_written_is_read(zone: tuple[str, tuple[str, str, str, date, Sex]]) -> None:
    """write then read is the identity, lines joined or not."""
    text, expected = zone
    for spelling in (text, text.replace("\n", ""), text.lower().replace("\n", "\r\n")):
        read = read_mrz(spelling, AT)
        assert read.ok
        assert (read.number, read.surname, read.given_names, read.birth_date, read.sex) == expected


@given(zones, st.integers(0, 8), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_the_number_is_seen(zone: tuple[str, object], place: int, digit: str) -> None:
    """A single misread digit never passes the check digit."""
    text = zone[0]
    start = 5 if text.startswith("I") else 45
    at = start + place
    if not text[at].isdigit() or text[at] == digit:
        return
    assert not read_mrz(text[:at] + digit + text[at + 1 :], AT).ok


@given(st.text(max_size=100))
def test_readers_never_raise(text: str) -> None:
    """Any text gives a result."""
    read_nik(text, AT)
    read_mrz(text, AT)
    name_code(KEY, AT, text)
    for kind in TokenKind:
        token(KEY, kind, text)


@given(numbers, st.sampled_from([" ", "-", ".", "  "]), st.integers(1, 8))
def test_spacing_does_not_change_a_token(number: str, mark: str, place: int) -> None:
    """However an office groups the digits."""
    typed = (number[:place] + mark + number[place:]).lower()
    assert token(KEY, TokenKind.PASSPORT, typed) == token(KEY, TokenKind.PASSPORT, number)


@given(st.lists(words, min_size=1, max_size=4), st.lists(words, min_size=1, max_size=4))
def test_dice_is_symmetric_and_bounded(a: list[str], b: list[str]) -> None:
    """A name is its own nearest."""
    one, other = (name_code(KEY, AT, " ".join(n)) or "" for n in (a, b))
    assert dice(one, other) == dice(other, one)
    assert 0 <= dice(one, other) <= 1
    assert dice(one, one) == 1
