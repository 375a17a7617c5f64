"""The laws, by name, on the pure core."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import PolicyVersion
from schemas.verdicts import Assessment
from schemas.vocabulary import Status
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy
from streams.reigns import policy_in
from tests.people import admitted
from tests.strategies import all_worlds, policies, ruled_worlds, worlds

POLICY = shipped_policy()
Verdicts = dict[tuple[str, str, str], Assessment]


def place(a: Assessment) -> tuple[str, str, str]:
    return a.province.value, a.event_id, a.block


def judged(facts: list[Admitted]) -> Verdicts:
    """What a book says that knew everything before it was asked."""
    book = Casebook(POLICY)
    book.replay(facts)
    return {place(a): a for a in book.verdicts()}


def published(facts: list[Admitted], cuts: list[int]) -> Verdicts:
    """The last of what a live book says on each crossing, fed in batches."""
    book, said = Casebook(POLICY), {}
    for start, end in zip([0, *cuts], [*cuts, len(facts)], strict=True):
        for assessment in book.assess(book.remember(facts[start:end])):
            said[place(assessment)] = assessment
    return said


@given(all_worlds, st.randoms(use_true_random=False), st.data())
def test_law_1_order_does_not_matter(world: list[Any], chance: random.Random, data: st.DataObject) -> None:
    """Any permutation, duplication or batching ends in the same verdicts."""
    facts = admitted(*world)
    shuffled = facts + chance.sample(facts, chance.randint(0, len(facts)))
    chance.shuffle(shuffled)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    assert published(shuffled, cuts) == judged(facts)


@given(all_worlds)
def test_law_2_a_new_fact_says_only_what_it_changes(world: list[Any]) -> None:
    """One fact more publishes exactly the verdicts that are new or differ, and a known fact publishes nothing."""
    facts = admitted(*world)
    book = Casebook(POLICY)
    for i, fact in enumerate(facts):
        before, after = judged(facts[:i]), judged(facts[: i + 1])
        said = {place(a): a for a in book.assess(book.remember([fact]))}
        assert said == {k: v for k, v in after.items() if before.get(k) != v}
        assert book.assess(book.remember([fact])) == []


@given(all_worlds, st.integers(0, 14))
def test_law_3_a_replayed_book_goes_on_as_if_it_had_never_stopped(world: list[Any], cut: int) -> None:
    """Whoever takes a lane over says from then on what the one before would have said."""
    facts = admitted(*world)
    first, second = Casebook(POLICY), Casebook(POLICY)
    first.assess(first.remember(facts[:cut]))
    second.replay(facts[:cut])
    for fact in facts[cut:]:
        assert second.assess(second.remember([fact])) == first.assess(first.remember([fact]))


@given(all_worlds, st.integers(0, 14), st.integers(0, 14))
def test_law_3_a_book_from_a_snapshot_and_the_tail_goes_on_like_a_replayed_one(
    world: list[Any], put_away: int, cut: int
) -> None:
    """A snapshot of any earlier moment and the records since then are the whole log; later facts are not in it."""
    facts = admitted(*world)
    put_away, cut = sorted((put_away, cut))
    first, second = Casebook(POLICY), Casebook(POLICY)
    first.replay(facts[:put_away])
    chunks = first.dump()
    head = next(chunks)
    first.replay(facts[put_away:])  # the lane goes on while the snapshot is written
    third = Casebook.load(POLICY, [head, *chunks])
    third.replay(facts[put_away:cut])
    second.replay(facts[:cut])
    assert third.verdicts() == second.verdicts()
    for fact in facts[cut:]:
        assert third.assess(third.remember([fact])) == second.assess(second.remember([fact]))


@given(all_worlds)
def test_law_4_absence_is_honest(world: list[Any]) -> None:
    """Nobody is called unregistered before every registry has reported past the crossing plus the grace."""
    book = Casebook(POLICY)
    book.replay(admitted(*world))
    by_digest = {f.digest: policy_in(f) for f in world if f.record == "policy"} | {POLICY.digest: POLICY}
    for assessment in book.verdicts():
        policy = by_digest[assessment.policy]
        marks = [book.watermarks.get(source) for source in policy.registries]
        absent = any(f.rule == "R01" for f in assessment.findings)
        reported = all(m is not None and m >= assessment.occurred_at + policy.grace for m in marks)
        if absent:
            assert reported
            assert not any(f.rule == "R26" for f in assessment.findings)
        if assessment.status is Status.PENDING:
            assert not reported


@given(ruled_worlds)
def test_a_crossing_is_judged_by_the_version_in_force_at_its_own_time(world: list[Any]) -> None:
    """The one that began last before the crossing; of two that began at once the one activated later."""
    versions = [f for f in world if f.record == "policy"]
    for assessment in judged(admitted(*world)).values():
        begun = [v for v in versions if v.effective_from <= assessment.occurred_at]
        last = max(begun, key=lambda v: (v.effective_from, v.activated_at, v.digest), default=POLICY)
        assert assessment.policy == last.digest
        alone = Casebook(policy_in(last) if last is not POLICY else POLICY)
        alone.replay(admitted(*(f for f in world if f.record != "policy")))
        same = {place(a): a for a in alone.verdicts()}
        assert assessment == same[place(assessment)]


@given(worlds, policies())
def test_a_backtest_says_what_activation_then_gives(world: list[Any], version: PolicyVersion) -> None:
    """The verdicts beside those of now are those that stand once the policy is activated; now stays as it is."""
    book = Casebook(POLICY)
    book.replay(admitted(*world))
    beside = list(book.verdicts_beside(policy_in(version), version.effective_from, None))
    now, then = judged(admitted(*world)), judged(admitted(*world, version))
    since = {k for k, v in now.items() if v.occurred_at >= version.effective_from}
    assert {place(a): a for a, _ in beside} == {k: now[k] for k in since}
    assert {place(b): b for _, b in beside} == {k: then[k] for k in since}
    assert {k: then[k] for k in then.keys() - since} == {k: now[k] for k in now.keys() - since}


@given(all_worlds)
def test_law_5_every_crossing_has_exactly_one_verdict(world: list[Any]) -> None:
    """Nothing is dropped: each crossing that was taken in is judged."""
    crossings = {(f.province.value, f.event_id, f.block) for f in world if f.record == "transit_event"}
    assert set(judged(admitted(*world))) == crossings


@given(worlds)
def test_law_8_every_finding_can_be_explained(world: list[Any]) -> None:
    """A finding names its rule and version, known facts, a sentence and what would clear it, in both languages."""
    known = {"event:" + f"{f.province.value}/{f.event_id}" for f in world if f.record == "transit_event"}
    known |= {f"departure:{f.departure_id}" for f in world if f.record == "departure"}
    known |= {f"report:{f.case_id}" for f in world if f.record == "community_report"}
    known |= {f"watermark:{source.value}" for source in POLICY.registries}
    for assessment in judged(admitted(*world)).values():
        assert assessment.policy == POLICY.digest
        for found in assessment.findings:
            assert found.version >= 1
            assert found.evidence
            assert set(found.evidence) <= known
            assert found.sentence_id.endswith(".")
            assert found.sentence_en.endswith(".")
            assert found.clears_id.startswith("Akan")
            assert found.clears_en
