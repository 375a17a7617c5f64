"""The laws, by name, on the stage that judges groups: from facts in several lanes of people to clusters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Heartbeat, PolicyVersion, TransitEvent
from schemas.verdicts import Cluster
from schemas.vocabulary import Direction, Province, Purpose, Sex
from streams.casebook import Admitted, Casebook
from streams.clusters.book import AdmittedMember, Clusterbook
from streams.policy import Policy
from tests.groups import POLICY, placed, seat, someone
from tests.people import NUNUKAN, T0, admitted, departure, heartbeats
from tests.strategies import policies as versions

LANES = 3
SMALL = POLICY.model_copy(update={"groups": POLICY.groups.model_copy(update={"judged_members": 2, "judged_elders": 1})})
"""Looks at so few of a group that most worlds have some that are left out."""
policies = st.sampled_from([POLICY, SMALL])
Told = list[AdmittedMember]

seats = st.builds(
    lambda number, day, **rest: seat(number, at=T0 + timedelta(days=day), **rest),
    st.integers(1, 7),
    st.integers(0, 120) | st.integers(0, 12),
    age=st.sampled_from([15, 22, 22, 45]),
    home=st.sampled_from([None, None, 7, 0]),
    payer=st.sampled_from([None, "0811", "0811", "0822"]),
    booking=st.sampled_from([None, "BK1"]),
    party=st.sampled_from([None, None, "P1"]),
    sex=st.sampled_from([Sex.F, Sex.F, Sex.M]),
    purpose=st.sampled_from([Purpose.WORK, Purpose.TOURISM, Purpose.STUDY, None]),
    direction=st.sampled_from([Direction.OUT, Direction.OUT, Direction.DOMESTIC, Direction.IN]),
    service_no=st.sampled_from(["FERRY 1", "FERRY 1", "FERRY 2", None]),
)
registrations = st.integers(1, 7).map(lambda n: departure(someone(n), departure_id=f"d{n}"))
moved = seats.map(
    lambda e: e.model_copy(update={"event_id": "same", "checkpoint_id": NUNUKAN, "province": Province.KALTARA})
)
worlds = st.lists(st.one_of(seats, seats, seats, registrations, moved), min_size=2, max_size=16)


def lane_of(fact: Any) -> int:
    return sum(map(ord, fact.block or "")) % LANES


def streams_of(world: Sequence[Any], chance: random.Random) -> list[Told]:
    """What each lane of people tells the groups, its facts in some order and some of them twice."""
    lanes: list[Told] = []
    for lane in range(LANES):
        facts = [f for f in world if isinstance(f, Heartbeat | PolicyVersion) or lane_of(f) == lane]
        facts += chance.sample(facts, chance.randint(0, len(facts)))
        chance.shuffle(facts)
        book, said = Casebook(POLICY), []
        while facts:
            size = chance.randint(1, 4)
            batch, facts = facts[:size], facts[size:]
            touched = book.remember(admitted(*batch))
            book.assess(touched)
            said += placed(book.members(touched))
        lanes.append(said)
    return lanes


def interleaved(lanes: list[Told], chance: random.Random) -> Told:
    """One log of them: each lane's own order stays."""
    rests, mixed = [list(lane) for lane in lanes if lane], []
    while rests:
        lane = chance.choice(rests)
        mixed.append(lane.pop(0))
        rests = [rest for rest in rests if rest]
    return mixed


def judged(told: Told, policy: Policy = POLICY) -> dict[str, Cluster]:
    """What a book says that knew everything before it was asked."""
    book = Clusterbook(policy)
    book.replay(told)
    return {c.cluster_id: c for c in book.clusters()}


def active(said: dict[str, Cluster]) -> dict[str, Cluster]:
    """Those of which something is found."""
    return {key: cluster for key, cluster in said.items() if cluster.findings}


def published(told: Told, chance: random.Random, policy: Policy = POLICY) -> dict[str, Cluster]:
    """The last of what live books say on each cluster, one book a lane, fed in batches."""
    books, said = [Clusterbook(policy) for _ in range(LANES)], {}
    while told:
        size = chance.randint(1, 9)
        batch, told = told[:size], told[size:]
        for lane, book in enumerate(books):
            mine = [one for one in batch if sum(map(ord, one.key)) % LANES == lane]
            for cluster in book.assess(book.remember(mine)):
                said[cluster.cluster_id] = cluster
    return said


@given(worlds, policies, st.booleans(), st.randoms(use_true_random=False))
def test_law_1_order_does_not_matter(world: list[Any], policy: Policy, confirmed: bool, chance: random.Random) -> None:
    """Any order of facts, in any batches, over any interleaving of lanes and days, ends in the same clusters."""
    facts = [*world, *(heartbeats(T0 + timedelta(days=200)) if confirmed else [])]
    one = interleaved(streams_of(facts, chance), chance)
    other = interleaved(streams_of(facts, chance), chance)
    assert active(published(other, chance, policy)) == judged(one, policy)


@given(worlds, st.lists(versions(), min_size=1, max_size=2), st.randoms(use_true_random=False))
def test_law_1_holds_while_people_are_judged_anew(world: list[Any], changes: list[Any], chance: random.Random) -> None:
    """A version of the policy may come before, among, or in one batch with the crossings and corrections it judges."""
    one = interleaved(streams_of([*world, *changes], chance), chance)
    other = interleaved(streams_of([*world, *changes], chance), chance)
    assert active(published(other, chance)) == judged(one)


@given(worlds, policies, st.randoms(use_true_random=False))
def test_law_2_a_new_member_says_only_what_it_changes(world: list[Any], policy: Policy, chance: random.Random) -> None:
    """One member more publishes exactly the clusters that are new, differ or are no more; known ones nothing."""
    told = interleaved(streams_of(world, chance), chance)
    book = Clusterbook(policy)
    for i, member in enumerate(told):
        before, after = judged(told[:i], policy), judged(told[: i + 1], policy)
        said = {c.cluster_id: c for c in book.assess(book.remember([member]))}
        gone = set(before) - set(after)
        assert active(said) == {k: c for k, c in after.items() if before.get(k) != c}
        assert {k for k, c in said.items() if not c.findings} == gone
        assert book.assess(book.remember([member])) == []


@given(worlds, st.randoms(use_true_random=False))
def test_law_2_lanes_of_people_tell_nothing_of_what_is_known(world: list[Any], chance: random.Random) -> None:
    """Facts delivered again, as after a crash, tell the groups nothing."""
    book = Casebook(POLICY)
    for fact in chance.sample(world, len(world)):
        first = book.remember(admitted(fact))
        book.assess(first)
        book.members(first)
        again = book.remember(admitted(fact))
        assert (book.assess(again), book.members(again)) == ([], [])


@given(worlds, st.integers(0, 20), st.randoms(use_true_random=False))
def test_law_3_a_replayed_book_goes_on_as_if_it_had_never_stopped(
    world: list[Any], cut: int, chance: random.Random
) -> None:
    """Whoever takes a lane of groups over says from then on what the one before would have said."""
    told = interleaved(streams_of(world, chance), chance)
    first, second = Clusterbook(POLICY), Clusterbook(POLICY)
    first.assess(first.remember(told[:cut]))
    second.replay(told[:cut])
    assert len(first) == len(second)
    for member in told[cut:]:
        assert second.assess(second.remember([member])) == first.assess(first.remember([member]))


@given(worlds, st.randoms(use_true_random=False))
def test_law_5_every_crossing_of_a_group_is_held_by_it(world: list[Any], chance: random.Random) -> None:
    """A crossing that names a payer, a booking or a party on its way out stands under it, with its newest verdict."""
    told = interleaved(streams_of(world, chance), chance)
    last = {(one.key, one.member.province, one.member.event_id, one.member.block): one.member for one in told}
    held = {place for place, member in last.items() if not member.gone}
    outward = [f for f in world if isinstance(f, TransitEvent) and f.direction is not Direction.IN]
    for fact in outward:
        place = fact.province, fact.event_id, fact.block
        # of a crossing that was published with different content, the digest decides which stands
        payers = {f.payer_token for f in world if isinstance(f, TransitEvent) and placed_at(f) == place}
        directions = {f.direction for f in world if isinstance(f, TransitEvent) and placed_at(f) == place}
        if fact.payer_token and len(payers) == 1 and Direction.IN not in directions:
            assert (f"payer:{fact.payer_token[-26:]}", *place) in held


@given(worlds, st.randoms(use_true_random=False))
def test_law_5_a_document_is_told_by_its_first_crossing_under_each_birth_date(
    world: list[Any], chance: random.Random
) -> None:
    """Whatever the order, and whatever is corrected: who shows a document is told, and once."""
    told = interleaved(streams_of(world, chance), chance)
    last = {(one.key, one.member.province, one.member.event_id, one.member.block): one.member for one in told}
    held = {place for place, member in last.items() if place[0].startswith("document:") and not member.gone}
    standing: dict[tuple[str, str, str], Admitted] = {}
    for one in admitted(*(f for f in world if isinstance(f, TransitEvent))):
        place = placed_at(one.fact)
        if place not in standing or standing[place].digest < one.digest:
            standing[place] = one
    first: dict[tuple[str, str], TransitEvent] = {}
    for one in standing.values():
        fact = one.fact
        shown = f"document:{fact.document.token[-26:]}", fact.block
        if shown not in first or _moment(fact) < _moment(first[shown]):
            first[shown] = fact
    assert held == {(key, *placed_at(fact)) for (key, _), fact in first.items()}


def _moment(fact: TransitEvent) -> tuple[Any, ...]:
    return fact.occurred_at, list(Province).index(fact.province), fact.event_id


def placed_at(fact: TransitEvent) -> tuple[str, str, str]:
    return fact.province, fact.event_id, fact.block


@given(worlds, st.randoms(use_true_random=False))
def test_law_8_every_finding_can_be_explained(world: list[Any], chance: random.Random) -> None:
    """It names its rule, known crossings, a sentence and what would clear it; members are what findings name."""
    known = {f"event:{f.province.value}/{f.event_id}" for f in world if isinstance(f, TransitEvent)}
    for cluster in judged(interleaved(streams_of(world, chance), chance)).values():
        assert cluster.policy == POLICY.digest
        assert cluster.member_count >= len(cluster.members) > 0
        for found in cluster.findings:
            assert found.evidence
            assert set(found.evidence) <= known
            assert found.sentence_id.endswith(".")
            assert found.sentence_en.endswith(".")
            assert found.clears_id.startswith("Akan")
            assert found.clears_en.startswith("Cleared")
