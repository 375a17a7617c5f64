"""Laws of identity: what any text, any spelling and any single error may do."""

from __future__ import annotations

import string
from datetime import date

from hypothesis import assume, example, given
from hypothesis import strategies as st

from schemas.identity import (
    LinkageKey,
    TokenKind,
    Validity,
    code_bits,
    dice,
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
from schemas.identity.mrz import check_digit
from schemas.identity.names import MAX_BITS_SET
from schemas.reference import office_region
from schemas.vocabulary import Sex

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
AT = date(2026, 3, 2)
ZONE_LETTERS = string.ascii_uppercase + string.digits + "<"
texts = st.text(max_size=120)
births = st.dates(date(1927, 1, 1), AT)
alnum = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=9)
word = st.text(string.ascii_uppercase, min_size=1, max_size=10)
words = st.lists(word, min_size=1, max_size=3).map(" ".join)
noise = st.text(" .-/\u00a0\t", max_size=3)


@st.composite
def zones(draw: st.DrawFn) -> dict[str, object]:
    return {
        "number": draw(alnum),
        "surname": draw(word),
        "given_names": draw(st.just("") | st.lists(word, min_size=1, max_size=2).map(" ".join)),
        "birth_date": draw(births),
        "sex": draw(st.sampled_from(Sex)),
        "expires_on": draw(st.dates(date(2000, 1, 1), date(2099, 12, 31))),
        "nationality": draw(st.sampled_from(["IDN", "MYS", "D"])),
    }


@st.composite
def respaced(draw: st.DrawFn, text: st.SearchStrategy[str]) -> tuple[str, str]:
    plain = draw(text)
    return plain, "".join(draw(noise) + (c.lower() if draw(st.booleans()) else c) for c in plain) + draw(noise)


@given(respaced(alnum), st.sampled_from([TokenKind.PASSPORT, TokenKind.SPLP, TokenKind.PLB, TokenKind.BOOKING]))
def test_any_respaced_spelling_has_the_same_token(pair: tuple[str, str], kind: TokenKind) -> None:
    assert token(KEY, kind, pair[0]) == token(KEY, kind, pair[1])


@given(respaced(st.text(string.digits, min_size=16, max_size=16)))
def test_any_respaced_nik_is_the_same_nik(pair: tuple[str, str]) -> None:
    assert read_nik(pair[0], AT) == read_nik(pair[1], AT)
    assert token(KEY, TokenKind.NIK, pair[0]) == token(KEY, TokenKind.NIK, pair[1])


@given(st.sampled_from(TokenKind), texts)
@example(TokenKind.PAYER, "\ud800")
@example(TokenKind.PASSPORT, "²⑨")
@example(TokenKind.PAYER, "+62 0")
def test_a_normalised_value_is_its_own_normal_form_and_never_shows_in_the_token(kind: TokenKind, text: str) -> None:
    normal = normalise(kind, text)
    made = token(KEY, kind, text)
    assert (normal is None) == (made is None)
    if normal is not None and made is not None:
        assert made == token(KEY, kind, text)
        assert len(made) == len("test:") + 26
        if normal.isascii():
            assert token(KEY, kind, normal) == made


@given(texts)
@example("\u0665" * 16)
@example("²" * 16)
def test_reading_a_nik_never_raises_and_an_invalid_one_says_nothing(text: str) -> None:
    nik = read_nik(text, AT)
    assert (nik.validity is Validity.INVALID) == bool(nik.problem) == (nik.digits is None)


@given(births, st.sampled_from([Sex.F, Sex.M]), st.integers(1, 9999))
def test_a_written_nik_is_read_back(born: date, sex: Sex, serial: int) -> None:
    day = born.day + (40 if sex is Sex.F else 0)
    nik = read_nik(f"539999{day:02}{born:%m%y}{serial:04}", AT)
    assert nik.validity is Validity.SUSPECT
    assert nik.sex is sex
    assert nik.birth_date is not None
    assert (nik.birth_date - born).days in (0, 36524, 36525)


@given(texts | st.text(ZONE_LETTERS, min_size=90, max_size=90) | st.text(ZONE_LETTERS, min_size=88, max_size=88))
@example("I<UTOD23145890<<<<<<<<<<<<<<<<" + "<" * 60)
@example("I<UTOD23145890<<A<<<<<<<<<<<<<" + "<" * 60)
@example("<" * 72)
def test_reading_a_zone_never_raises(text: str) -> None:
    zone = read_mrz(text, AT)
    assert bool(zone.problem) == (zone.format == "")
    assert not (zone.problem and zone.ok)


@given(zones())
def test_a_written_zone_is_read_back(zone: dict[str, object]) -> None:
    for write in (write_td3, write_td1):
        read = read_mrz(write(**zone), AT)  # type: ignore[arg-type]
        assert read.ok
        assert {name: getattr(read, name) for name in zone if name != "given_names"} == {
            name: value for name, value in zone.items() if name != "given_names"
        }
        assert str(zone["given_names"]).startswith(read.given_names)


@given(zones(), st.text(string.ascii_uppercase + string.digits, min_size=10, max_size=23))
def test_a_long_number_is_read_back(zone: dict[str, object], number: str) -> None:
    read = read_mrz(write_td1(**(zone | {"number": number})), AT)  # type: ignore[arg-type]
    assert read.ok
    assert read.number == number


@given(zones(), st.data())
def test_one_wrong_character_of_a_checked_field_is_noticed(zone: dict[str, object], data: st.DataObject) -> None:
    """The weights 7, 3 and 1 notice every change but those by a multiple of ten, such as A for K."""
    text = write_td3(**zone)  # type: ignore[arg-type]
    place = data.draw(st.sampled_from([*range(45, 55), *range(58, 65), *range(66, 73)]))
    wrong = data.draw(st.sampled_from(ZONE_LETTERS))
    assume(check_digit(wrong) != check_digit(text[place]))
    assert not read_mrz(text[:place] + wrong + text[place + 1 :], AT).ok


@given(zones(), st.data())
def test_one_wrong_digit_is_noticed_always(zone: dict[str, object], data: st.DataObject) -> None:
    text = write_td3(**zone)  # type: ignore[arg-type]
    digits = [i for i in (*range(45, 55), *range(58, 65), *range(66, 73), 87, 88) if text[i].isdigit()]
    place = data.draw(st.sampled_from(digits))
    wrong = data.draw(st.sampled_from([d for d in string.digits if d != text[place]]))
    assert not read_mrz(text[:place] + wrong + text[place + 1 :], AT).ok


@given(texts)
def test_a_normalised_name_has_only_words_of_plain_letters(text: str) -> None:
    assert all(w.isascii() and w.isalpha() and w.isupper() for w in normalise_name(text))


@given(words, st.permutations(range(3)))
def test_the_order_of_the_words_does_not_matter(name: str, order: list[int]) -> None:
    parts = [*name.split(), "SERAN", "BERE"][:3]
    # the abbreviation ST is Siti in front and a degree behind
    assume("ST" not in parts)
    shuffled = [parts[i] for i in order]
    assert name_code(KEY, AT, " ".join(parts)) == name_code(KEY, AT, " ".join(shuffled))


@given(texts | words, texts | words, st.none() | births)
def test_nearness_is_symmetric_and_between_nothing_and_all(a: str, b: str, born: date | None) -> None:
    left, right = name_code(KEY, born, a), name_code(KEY, born, b)
    if left is None or right is None:
        return
    assert 0.0 <= dice(left, right) == dice(right, left) <= 1.0
    x, y = code_bits(left), code_bits(right)
    assert 0.0 <= dice(left, right) <= overlap_bits(x, y) == overlap_bits(y, x) <= 1.0
    assert dice(left, left) == overlap_bits(x, x) == 1.0


@given(st.text(string.ascii_letters + " ", min_size=1, max_size=400))
def test_no_name_fills_the_filter(name: str) -> None:
    code = name_code(KEY, AT, name)
    assert code is None or 0 < code_bits(code).bit_count() <= MAX_BITS_SET


@given(words, word)
def test_a_name_lies_inside_itself_with_one_more(name: str, more: str) -> None:
    assume("ST" not in (*name.split(), more))
    short, long = normalise_name(name), normalise_name(f"{name} {more}")
    assume(set(short) <= set(long))
    inner, outer = name_code(KEY, AT, name), name_code(KEY, AT, f"{name} {more}")
    assert inner is not None
    assert outer is not None
    assert overlap_bits(code_bits(inner), code_bits(outer)) == 1.0


@given(texts)
def test_looking_up_an_office_never_raises(text: str) -> None:
    assert office_region(text) is None or len(office_region(text) or "") in (2, 4)
