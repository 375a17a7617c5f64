"""Without the key a name code says next to nothing, unless the attacker knows who is in its block."""

from __future__ import annotations

import pytest

from tests.quality.privacy import Learnt, attack_names, dictionary


@pytest.fixture(scope="module")
def learnt() -> dict[str, Learnt]:
    return {found.name: found for found in attack_names(count=1500)}


def test_the_graph_attack_works_on_codes_without_salt_and_not_on_those_published(learnt: dict[str, Learnt]) -> None:
    found = learnt["graph: codes to names, all blocks, all names known"]
    assert found.unsalted.share > 0.3
    assert found.salted.share < 0.03


def test_frequencies_name_nobody(learnt: dict[str, Learnt]) -> None:
    assert learnt["frequency: codes to names"].salted.share < 0.005


def test_bits_of_a_bigram_are_found_no_more_often_than_by_chance(learnt: dict[str, Learnt]) -> None:
    found = learnt["pattern: bits of the 20 commonest bigrams"]
    # ten bits of 512 are right by chance in two of a hundred guesses
    assert found.salted.share < 0.06


def test_who_knows_half_of_the_worst_block_names_few_of_it(learnt: dict[str, Learnt]) -> None:
    assert learnt["graph: worst block of 150, 50% known"].salted.share < 0.25


def test_no_guessed_secret_makes_a_token_that_is_there() -> None:
    met, rate = dictionary(2000)
    assert met == 0
    assert rate > 0
