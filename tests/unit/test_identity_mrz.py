"""The machine readable zone: ICAO's own specimens, and what goes wrong at a gate."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.identity import MrzProblem, read_mrz, write_td1, write_td3
from schemas.vocabulary import Sex

AT = date(2026, 3, 2)
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
TD1_LONG = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
TD2_LONG = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8"
VISA = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"


@pytest.mark.parametrize("specimen", [TD3, TD1, TD2, TD1_LONG, TD2_LONG, VISA])
def test_every_check_digit_of_the_icao_specimens_fits(specimen: str) -> None:
    zone = read_mrz(specimen, AT)
    assert zone.problem == ""
    assert zone.checks == dict.fromkeys(zone.checks, True)
    assert zone.ok


def test_the_passport_specimen_is_read_whole() -> None:
    zone = read_mrz(TD3, AT)
    assert (zone.format, zone.document_type, zone.issuer, zone.number) == ("TD3", "P", "UTO", "L898902C3")
    assert (zone.surname, zone.given_names, zone.nationality) == ("ERIKSSON", "ANNA MARIA", "UTO")
    assert (zone.birth_date, zone.sex, zone.expires_on) == (date(1974, 8, 12), Sex.F, date(2012, 4, 15))
    assert zone.optional == "ZE184226B"
    assert set(zone.checks) == {"number", "birth_date", "expires_on", "optional", "composite"}


@pytest.mark.parametrize("specimen", [TD1, TD2])
def test_the_card_specimens_are_read_whole(specimen: str) -> None:
    zone = read_mrz(specimen, AT)
    assert (zone.document_type, zone.issuer, zone.number) == ("I", "UTO", "D23145890")
    assert (zone.name, zone.nationality, zone.sex) == ("ANNA MARIA ERIKSSON", "UTO", Sex.F)
    assert (zone.birth_date, zone.expires_on) == (date(1974, 8, 12), date(2012, 4, 15))


@pytest.mark.parametrize("specimen", [TD1_LONG, TD2_LONG])
def test_a_number_longer_than_nine_goes_on_in_the_optional_data(specimen: str) -> None:
    zone = read_mrz(specimen, AT)
    assert (zone.number, zone.optional, zone.birth_date) == ("D23145890734", "", date(1934, 7, 12))


@pytest.mark.parametrize(
    "text",
    [TD3.replace("\n", ""), TD3.replace("\n", "\r\n"), TD3.replace("\n", "\n\n") + "\n", TD3.lower(), f"  {TD3}  "],
)
def test_lines_may_be_joined_parted_or_typed_small(text: str) -> None:
    assert read_mrz(text, AT) == read_mrz(TD3, AT)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", MrzProblem.EMPTY),
        (" \n ", MrzProblem.EMPTY),
        ("P<UTOERIKSSON", MrzProblem.LENGTH),
        (TD3[:-1], MrzProblem.LENGTH),
        (TD3.replace("ANNA", "ÄNNA"), MrzProblem.CHARACTERS),
        (TD3.replace("<<ANNA", "..ANNA"), MrzProblem.CHARACTERS),
    ],
)
def test_what_is_no_zone_is_a_problem_with_a_code(text: str, problem: MrzProblem) -> None:
    zone = read_mrz(text, AT)
    assert zone.problem == problem
    assert not zone.ok
    assert (zone.number, zone.name, zone.birth_date) == (None, "", None)


def test_a_card_whose_long_number_is_cut_off_is_read_without_a_fit() -> None:
    """The digit's place is empty and the optional data begins with a filler: no number goes on there."""
    zone = read_mrz("I<UTOD23145890<<ABC<<<<<<<<<<<\n" + TD1.split("\n", 1)[1], AT)
    assert zone.number == "D23145890"
    assert zone.checks["number"] is False


def test_a_mononym_has_no_given_names() -> None:
    zone = read_mrz(TD3.replace("ERIKSSON<<ANNA<MARIA", "DOMINGGUS<<<<<<<<<<<"), AT)
    assert (zone.surname, zone.given_names, zone.name) == ("DOMINGGUS", "", "DOMINGGUS")


def test_an_unknown_day_of_birth_is_no_birth_date_and_may_still_fit() -> None:
    zone = read_mrz(write_td3(**(PERSON | {"birth_date": None})), AT)
    assert zone.birth_date is None
    assert zone.ok


@pytest.mark.parametrize(("mark", "sex"), [("F", Sex.F), ("M", Sex.M), ("<", Sex.X), ("X", Sex.X), ("8", None)])
def test_an_unspecified_sex_is_x(mark: str, sex: Sex | None) -> None:
    assert read_mrz(TD3.replace("2F1", f"2{mark}1"), AT).sex is sex


def test_an_empty_optional_field_may_have_a_filler_for_its_digit() -> None:
    zone = write_td3(**PERSON)
    body = zone[:-2] + "<" + zone[-1]
    assert read_mrz(body, AT).checks["optional"]


@pytest.mark.parametrize(("born", "year"), [("260302", 2026), ("260303", 1926), ("000229", 2000), ("270101", 1927)])
def test_the_century_of_birth_is_the_latest_that_is_not_in_the_future(born: str, year: int) -> None:
    birth = read_mrz(TD3.replace("740812", born), AT).birth_date
    assert birth is not None
    assert birth.year == year


PERSON: dict[str, Any] = {
    "number": "XX1234567",
    "surname": "SERAN",
    "given_names": "MARIA GORETI",
    "birth_date": date(1998, 5, 17),
    "sex": Sex.F,
    "expires_on": date(2031, 1, 2),
}


def test_the_writer_makes_the_specimens_of_icao() -> None:
    person: dict[str, Any] = {"surname": "Eriksson", "given_names": "Anna Maria", "sex": Sex.F, "nationality": "UTO"}
    dates: dict[str, Any] = {"birth_date": date(1974, 8, 12), "expires_on": date(2012, 4, 15)}
    assert write_td1(number="D23145890", **person, **dates) == TD1
    plain = write_td3(number="L898902C3", **person, **dates)
    assert plain[:72] == TD3[:72]
    assert read_mrz(plain, AT).ok


def test_the_writer_leaves_accents_and_apostrophes_out() -> None:
    zone = read_mrz(write_td3(**(PERSON | {"surname": "D'COSTA", "given_names": "JOSÉ-MA’RUF"})), AT)
    assert (zone.surname, zone.given_names) == ("DCOSTA", "JOSE MARUF")


def test_a_number_that_no_card_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 23 characters"):
        write_td1(**(PERSON | {"number": "A" * 24}))


def test_a_printed_zone_shows_no_identity() -> None:
    shown = repr(read_mrz(write_td3(**PERSON), AT))
    assert not any(raw in shown for raw in ("XX1234567", "SERAN", "MARIA", "1998"))
