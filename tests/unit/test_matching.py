"""What makes two name codes one name, and what makes them two people's."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import code_bits, dice_bits, name_code
from schemas.verdicts import Assessment
from schemas.vocabulary import Tier
from streams.casebook import Casebook
from streams.matching import names_disagree, names_near, own_bits
from streams.policy import shipped_policy
from tests.people import BATAM, KEY, MARIA
from tests.quality.publishing import crossing_facts, departure_facts

RULE = shipped_policy().matching


def bits(name: str) -> int:
    return code_bits(name_code(KEY, date(1998, 5, 17), name) or "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("EDISON", "EIDSON"),
        ("PETRUS", "PETURS"),
        ("YUSUF KARIM", "YUSUF KAIRM"),
        ("YOSPEH LODO", "LODO YOSEPH"),
        ("MARIA GORETI SERAN", "MARIA SERAN"),
        ("VALENTINA DOLOROSA HILI", "VALENTINA D HILI"),
    ],
)
def test_a_slip_or_a_dropped_name_is_the_same_name(first: str, second: str) -> None:
    assert names_near(bits(first), bits(second), RULE)
    assert not names_disagree(bits(first), bits(second), RULE)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("MAGDALENA KONSEPSI SABUNA", "MAGDALENA KONSEPSI MAUK"),
        ("SEBASTIANUS LOYOLA FERNANDEZ", "SEBASTIANUS LOYOLA TAKENE"),
        ("FRANSISKA GORETI NUBATONIS", "FRANSISKA GORETI SERAN"),
    ],
)
def test_another_family_name_is_another_name_however_alike_the_rest(first: str, second: str) -> None:
    assert dice_bits(bits(first), bits(second)) > 0.7
    assert not names_near(bits(first), bits(second), RULE)


@pytest.mark.parametrize(("mononym", "full"), [("AMINAH", "AMINAH WINI"), ("YOEL", "YOEL GOLU"), ("ALI", "ALI JAWA")])
def test_a_mononym_is_not_everybody_who_bears_it_as_given_name(mononym: str, full: str) -> None:
    assert not names_near(bits(mononym), bits(full), RULE)
    assert not names_disagree(bits(mononym), bits(full), RULE)


def test_two_people_under_one_number_have_a_word_each_to_themselves() -> None:
    assert names_disagree(bits("BERNADETA"), bits("BRIGITA"), RULE)
    assert names_disagree(bits("MARIA GORETI SERAN"), bits("YUSUF BERE"), RULE)


codes = st.integers(1, 2**512 - 1).filter(lambda n: n.bit_count() <= 400)


@given(codes, codes)
def test_neither_name_is_the_first(a: int, b: int) -> None:
    """No name is both near and another's, whichever is asked about the other."""
    assert own_bits(a, b) == own_bits(b, a)
    assert names_near(a, b, RULE) == names_near(b, a, RULE)
    assert names_disagree(a, b, RULE) == names_disagree(b, a, RULE)
    assert not (names_near(a, b, RULE) and names_disagree(a, b, RULE))
    assert names_near(a, a, RULE)
    assert not names_disagree(a, a, RULE)


def test_an_unknown_name_is_neither_near_nor_another() -> None:
    assert not names_near(0, bits("MARIA SERAN"), RULE)
    assert not names_disagree(0, bits("MARIA SERAN"), RULE)


def found_under(born: str, **changes: str | None) -> Assessment:
    """The verdict on Maria's crossing, whose clerk typed that birth date; she is registered with the true one."""
    cells = {
        "departure_id": "d1",
        "event": "registered",
        "source": "BP3MI",
        "name": MARIA.name,
        "birth_date": MARIA.born.isoformat(),
        "sex": "F",
        "passport": MARIA.passport or "",
        "planned_date": "2026-03-02",
        "issued_at": "2026-02-10T09:00:00+08:00",
    }
    seen = {
        "event_id": "e1",
        "checkpoint_id": BATAM,
        "occurred_at": "2026-03-02T10:00:00+08:00",
        "direction": "out",
        "document_number": MARIA.passport or "",
        "name": MARIA.name,
        "birth_date": born,
        "sex": "F",
    }
    book = Casebook(shipped_policy())
    shown = {name: text for name, text in (seen | changes).items() if text}
    (verdict,) = book.assess(book.remember([*departure_facts(cells), *crossing_facts(shown)]))
    return verdict


def test_a_slip_in_the_birth_date_does_not_hide_the_registration_of_the_passport() -> None:
    assert MARIA.born == date(1998, 5, 17)
    exact, year_off = found_under("1998-05-17"), found_under("1997-05-17")
    assert (exact.tier, year_off.tier) == (Tier.PASSPORT, Tier.PASSPORT)
    assert exact.match is not None
    assert year_off.match is not None
    assert (exact.match.same_birth_date, year_off.match.same_birth_date) == (True, False)
    assert found_under("1990-05-17").departure_id is None


def test_under_another_birth_date_a_like_name_is_a_namesake() -> None:
    assert found_under("1998-05-17", document_number="XX7654321").tier is Tier.NAME
    assert found_under("1997-05-17", document_number="XX7654321").departure_id is None
    assert found_under("1997-05-17", document_number=None).departure_id is None


def test_one_number_under_another_birth_date_does_not_merge_two_names() -> None:
    assert found_under("1997-05-17", name="YUSUF BERE", sex="M").departure_id is None
