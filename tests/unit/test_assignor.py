"""Lanes move as little as they can, and every lane has exactly one owner."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import INPUTS
from streams.assignor import lane_assignor, read_wanted, share_lanes

members = st.dictionaries(
    st.text(min_size=1, max_size=4), st.lists(st.integers(-3, 20), max_size=12), min_size=1, max_size=5
)


@given(st.integers(0, 16), members)
def test_every_lane_has_exactly_one_owner(lanes: int, wanted: dict[str, list[int]]) -> None:
    given_lanes = share_lanes(lanes, wanted)
    assert set(given_lanes) == set(wanted)
    assert sorted(lane for got in given_lanes.values() for lane in got) == list(range(lanes))


@given(st.integers(0, 16), members)
def test_no_member_has_two_lanes_more_than_another(lanes: int, wanted: dict[str, list[int]]) -> None:
    sizes = [len(got) for got in share_lanes(lanes, wanted).values()]
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 16), st.sets(st.sampled_from("abcde"), min_size=1))
def test_sharing_again_moves_nothing(lanes: int, names: set[str]) -> None:
    first = share_lanes(lanes, {name: [] for name in names})
    assert share_lanes(lanes, first) == first


def test_a_newcomer_takes_only_its_share() -> None:
    shares = share_lanes(4, {"old": [0, 1, 2, 3], "new": []})
    assert shares == {"old": [0, 1], "new": [2, 3]}


def test_a_survivor_keeps_what_it_held_and_takes_the_rest() -> None:
    assert share_lanes(4, {"left": [2, 3]}) == {"left": [0, 1, 2, 3]}
    assert share_lanes(5, {"a": [4, 3], "b": [0]}) == {"a": [1, 3, 4], "b": [0, 2]}


def test_a_member_of_another_version_is_taken_to_hold_nothing() -> None:
    for data in (b"", b"\xff", b"{}", b"[1,", b"7"):
        assert read_wanted(data) == []
    assert read_wanted(b'[3, "x", true, 1]') == [3, 1]


def test_the_assignor_asks_for_what_is_held_at_that_moment() -> None:
    held: list[int] = []
    assignor = lane_assignor(lambda: held, INPUTS)
    held.extend([3, 1])
    assert read_wanted(assignor.metadata(["t"]).user_data) == [1, 3]
