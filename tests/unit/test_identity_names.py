"""How names are written, and what their codes say and do not say."""

from __future__ import annotations

import base64
from datetime import date

import pytest

from schemas.identity import LinkageKey, code_bits, dice, dice_bits, name_code, normalise_name, overlap_bits
from schemas.identity.names import BITS, MAX_BITS_SET

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
BORN = date(1998, 5, 17)
V1 = "IydYMwMJWJYCSKIQAQRUYlScYhiAwCiYQGwUKuREBBBIG5DQGaaIPQohBICBFZCNcgS9ZEZQQiSA1xCoAMBIYA"


def code(name: str, born: date | None = BORN, key: LinkageKey = KEY) -> str:
    made = name_code(key, born, name)
    assert made is not None
    return made


def bits(name: str) -> int:
    return code_bits(code(name))


@pytest.mark.parametrize(
    "spellings",
    [
        ["MUHAMMAD SYAIFUL", "MOH SAIFUL", "Moch. Saiful", "MOHD. SYAIFUL", "MUHAMAD SJAIFUL", "MOCHAMMAD SAIFUL"],
        ["YOHANES BERE", "JOHANES BERE", "Yohanes Béré", "YOHANES  BERE", "YOHANES-BERE", "H. YOHANES BERE, S.Pd"],
        ["MARIA GORETI SERAN", "MARIA GORETTI SERAN", "MARIYA GORETI SERAN", "MARIA GORETHI SERAN, A.Md.Keb."],
        ["FRANSISKUS SERAN", "VRANSISKUS SERAN", "FRANCISCUS SERAN", "FRANS SERAN", "FRANSISCUS SERAN"],
        ["SITI AMINAH", "ST AMINAH", "ST. AMINA", "SITI AMINAH BINTI", "HJ SITI AMINAH"],
        ["KATARINA", "CATHARINA", "CHATARINA", "KATHARINA"],
        ["KRISTINA", "CHRISTINA", "CRISTINA"],
        ["YOSEFINA BANO", "YOSEPHINA BANO", "JOSEFINA BANO"],
        ["SUKARNO", "SOEKARNO", "S0EKARN0", "DRS. SUKARNO, S.E., M.M.", "IR SOEKARNO"],
        ["ACHMAD BACHTIAR", "AHMAD BAHTIAR", "AKHMAD BAKHTIAR"],
        ["CANDRA", "CHANDRA", "TJANDRA"],
        ["ELISABETH", "ELIZABETH", "ELISABET"],
        ["ZAENAL", "ZAINAL"],
        ["MA'RUF", "MA’RUF", "MARUF"],
        ["ABD RAHMAN", "ABDUL RAHMAN"],
        ["ALEXANDER", "ALEKSANDER"],
        ["FATIMAH BINTI ABDULLAH", "FATIMA ABDULA"],
        ["AUGUSTINUS", "AGUSTINUS"],
        ["DJUMADI", "JUMADI", "YUMADI"],
        ["NJOMAN", "NYOMAN"],
        ["SJARIFUDDIN", "SYARIFUDIN", "SARIFUDDIN"],
        ["BUDHI WIDHODHO", "BUDI WIDODO"],
        ["BHAKTI", "BAKTI"],
        ["MAGHFIRA", "MAGFIRA"],
        ["TAUFIQ", "TAUFIK"],
        ["SUWARNO", "SUARNO"],
        ["NOVITA", "NOFITA", "NOPHITA"],
        ["MICHAEL", "MIKHAEL", "MIKAEL"],
        ["5ITI M4RIA", "SITI MARIA"],
    ],
)
def test_the_ways_in_which_offices_write_a_name_fall_together(spellings: list[str]) -> None:
    assert len({normalise_name(s) for s in spellings}) == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [("MARIA", "MARTA"), ("YULIANA SERAN", "YULIANA BERE"), ("KRISTINA", "KRISTIANA"), ("PETRUS", "PAULUS")],
)
def test_different_names_stay_different(a: str, b: str) -> None:
    assert normalise_name(a) != normalise_name(b)


def test_given_names_behind_a_comma_are_no_degree() -> None:
    assert normalise_name("SERAN, MARIA GORETI") == ("SERAN", "MARIA", "GORETI")
    assert normalise_name("SERAN/MARIA GORETI MS") == ("SERAN", "MARIA", "GORETI")


def test_an_initial_stays_an_initial() -> None:
    """In NTT `M.` is Maria as often as Muhammad."""
    assert normalise_name("M. YULIANA") == ("M", "IULIANA")
    assert dice_bits(bits("M. SYAIFUL"), bits("MUHAMMAD SYAIFUL")) > 0.7
    assert dice_bits(bits("M. YULIANA"), bits("MARIA YULIANA")) > 0.75


def test_a_name_that_is_only_a_title_is_kept() -> None:
    assert normalise_name("HAJI") == ("HAI",)


@pytest.mark.parametrize("text", ["", " ", "123", "-", "李小龙", "!!!"])
def test_a_name_without_latin_letters_has_no_code(text: str) -> None:
    assert normalise_name(text) == ()
    assert name_code(KEY, BORN, text) is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("PETRUS KANISIUS LEBA", "PETRUS K LEBA"),
        ("PETRUS KANISIUS LEBA", "LEBA PETRUS KANISIUS"),
        ("ADRIANUS NAHAK", "ANDRIANUS NAHAK"),
        ("ANASTASIA WEA", "ANASTASIA WEO"),
        ("MARIA GORETI SERAN", "MARIA G0RET1 SERAN"),
        ("SITI NURHALIZA", "SITI NUR HALIZA"),
        ("MARIA GORETI SERAN", "MARIA GORETI SERAM"),
    ],
)
def test_one_person_written_two_ways_is_near(a: str, b: str) -> None:
    assert dice(code(a), code(b)) >= 0.80


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("YULIANA SERAN", "YULIANA BERE"),
        ("KRISTINA TEFA", "YOHANA TEFA"),
        ("MARIA GORETI SERAN", "MARIA YASINTA SERAN"),
        ("YOHANES BERE", "PETRUS BERE"),
    ],
)
def test_people_who_share_a_frequent_name_are_apart(a: str, b: str) -> None:
    assert dice(code(a), code(b)) < 0.80
    assert overlap_bits(bits(a), bits(b)) < 0.92


@pytest.mark.parametrize(
    ("short", "long"),
    [("DOMINGGUS", "DOMINGGUS TAKENE"), ("MARIA SERAN", "MARIA GORETI SERAN"), ("GORETI SERAN", "MARIA GORETI SERAN")],
)
def test_a_dropped_name_lies_inside_the_whole_one(short: str, long: str) -> None:
    assert overlap_bits(bits(short), bits(long)) == 1.0
    assert dice_bits(bits(short), bits(long)) >= 0.70


def test_a_frequent_mononym_is_not_near_everybody_who_bears_it() -> None:
    assert dice(code("MARIA"), code("MARIA GORETI SERAN")) < 0.70


def test_codes_of_two_birth_dates_or_two_keys_say_nothing_of_each_other() -> None:
    name = "MARIA GORETI SERAN"
    other = LinkageKey("test", b"another key of thirty-two bytes.")
    for stranger in (code(name, date(1998, 5, 18)), code(name, None), code(name, key=other)):
        assert dice(code(name), stranger) < 0.45


def test_a_code_of_v1_never_changes() -> None:
    """A literal: two provinces on two releases must still meet."""
    assert code("MARIA GORETI SERAN") == V1


@pytest.mark.parametrize("text", ["", "A", "é" * 86, "!" * 86, "A" * 85, "A" * 88, "a+/" * 20])
def test_what_is_no_code_is_nobody(text: str) -> None:
    assert code_bits(text) == 0
    assert dice(text, code("MARIA")) == overlap_bits(code_bits(text), bits("MARIA")) == 0.0


def test_a_full_filter_would_contain_everybody_and_is_no_code() -> None:
    full = base64.urlsafe_b64encode(b"\xff" * (BITS // 8)).decode().rstrip("=")
    assert code_bits(full) == 0


def test_the_longest_name_leaves_the_filter_half_open() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    everything = " ".join(a + b + c for a in alphabet for b in alphabet for c in "AKM")
    assert 0 < bits(everything).bit_count() <= MAX_BITS_SET
