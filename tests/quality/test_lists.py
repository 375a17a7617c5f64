"""A list on which everybody has one document number is still a list of so many people."""

from __future__ import annotations

import pytest

from streams.policy import shipped_policy
from tests.quality.lists import crossings, passenger_list, read_list, told_apart


@pytest.mark.parametrize("marks", [":+.? '", ":*.? $"])
def test_two_hundred_and_sixty_people_with_one_document_number_stay_so_many(marks: str) -> None:
    people = read_list(passenger_list(260, marks=marks))
    assert len(people) == 260
    assert {p.document for p in people} == {"XX1234567"}
    assert len({p.birth_date for p in people}) == 260
    assert told_apart(crossings(people), shipped_policy()) == 260


def test_hardly_two_of_them_are_merged_when_six_share_each_birthday() -> None:
    people = read_list(passenger_list(260, birthdays=40))
    assert len({p.birth_date for p in people}) == 40
    assert told_apart(crossings(people), shipped_policy()) >= 255


def test_one_person_listed_twice_is_one_person() -> None:
    people = read_list(passenger_list(20))
    assert told_apart(crossings([*people, *people[:5]]), shipped_policy()) == 20
