"""What a NIK says, and how far it can be believed."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.identity import Validity, read_nik
from schemas.vocabulary import Sex

AT = date(2026, 3, 2)


def test_an_impossible_kecamatan_of_a_known_province_is_suspect_and_still_says_who_it_is() -> None:
    nik = read_nik("5399995705989001", AT)
    assert nik.validity is Validity.SUSPECT
    assert (nik.digits, nik.origin_region) == ("5399995705989001", "539999")
    assert (nik.birth_date, nik.sex) == (date(1998, 5, 17), Sex.F)


@pytest.mark.parametrize(
    ("prefix", "validity"),
    [
        ("530104", Validity.VALID),  # Semau
        ("537106", Validity.VALID),
        ("530414", Validity.HISTORIC),  # Belu, given to Malaka
        ("530901", Validity.VALID),
        ("530903", Validity.HISTORIC),
        ("210103", Validity.HISTORIC),
        ("530199", Validity.SUSPECT),  # beyond the last of Kab. Kupang: never given out
        ("530100", Validity.SUSPECT),
        ("539901", Validity.SUSPECT),
        ("990101", Validity.INVALID),
        ("000000", Validity.INVALID),
    ],
)
def test_the_place_of_first_registration_decides_how_far_a_nik_is_believed(prefix: str, validity: Validity) -> None:
    assert read_nik(prefix + "1705989001", AT).validity is validity


@pytest.mark.parametrize(
    "spelling",
    [
        "539999 570598 9001",
        "5399.9957.0598.9001",
        "53-9999-570598-9001",
        "'5399995705989001",
        "\u200b5399995705989001\u00a0",
        "５３９９９９５７０５９８９００１",
        "5399–9957–0598–9001",
    ],
)
def test_office_spellings_are_one_nik(spelling: str) -> None:
    assert read_nik(spelling, AT) == read_nik("5399995705989001", AT)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not 16 digits"),
        ("539999570598900", "not 16 digits"),
        ("53999957059890011", "not 16 digits"),
        ("53999957O5989001", "not 16 digits"),
        ("5.39999570598900E+15", "not 16 digits"),
        ("5399995705980000", "serial 0000"),
        ("5399993205989001", "not a birth date"),
        ("5399990005989001", "not a birth date"),
        ("5399994005989001", "not a birth date"),
        ("5399997205989001", "not a birth date"),
        ("5399991713989001", "not a birth date"),
        ("5399993002989001", "not a birth date"),
    ],
)
def test_what_is_no_nik_says_why(text: str, problem: str) -> None:
    nik = read_nik(text, AT)
    assert (nik.validity, nik.problem) == (Validity.INVALID, problem)
    assert (nik.digits, nik.birth_date, nik.sex, nik.origin_region) == (None, None, None, None)


@pytest.mark.parametrize(
    ("day_month_year", "born"),
    [
        ("020326", date(2026, 3, 2)),  # born today
        ("030326", date(1926, 3, 3)),  # tomorrow, so a century ago
        ("290200", date(2000, 2, 29)),
        ("290224", date(2024, 2, 29)),
        ("690296", date(1996, 2, 29)),
        ("290228", date(1928, 2, 29)),  # 2028 is still to come
        ("010199", date(1999, 1, 1)),
    ],
)
def test_the_century_is_the_latest_that_is_not_in_the_future(day_month_year: str, born: date) -> None:
    assert read_nik(f"539999{day_month_year}9001", AT).birth_date == born


def test_29_february_exists_in_one_century_and_not_in_the_other() -> None:
    assert read_nik("5399992902009001", date(2100, 6, 1)).birth_date == date(2000, 2, 29)
    assert read_nik("5399992902259001", AT).validity is Validity.INVALID


def test_the_day_of_a_woman_has_forty_more() -> None:
    assert read_nik("5399994101989001", AT).sex is Sex.F
    assert read_nik("5399993101989001", AT).sex is Sex.M
    assert read_nik("5399997101989001", AT).birth_date == date(1998, 1, 31)


def test_a_printed_nik_shows_no_digit() -> None:
    assert "5399" not in repr(read_nik("5399995705989001", AT))
