"""The independent judge and the pure core agree on every small world: else one of them has read the domain wrongly."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date, timedelta
from itertools import combinations

import pytest

from schemas.codec import decode_fact
from schemas.identity import code_bits, dice_bits, name_code
from schemas.verdicts import Assessment
from streams.admission import digest_of
from streams.casebook import Admitted, Casebook
from streams.matching import names_disagree, names_near
from streams.policy import shipped_policy
from tests.cluster.facts import NAMES, Facts, Sent, arrivals
from tests.cluster.oracle import Oracle, Place, Verdict
from tests.people import KEY

SEED = int(os.environ.get("LINTAS_TEST_SEED", "20261124"))
WORLDS = int(os.environ.get("LINTAS_TEST_WORLDS", "1000"))
POLICY = shipped_policy()
EXPECTED = {"R01", "R02", "R03", "R08", "R09", "R12", "R15", "R16", "R21", "R23", "R25", "R26", "R27", "R28"}


def verdict_of(assessment: Assessment) -> Verdict:
    return Verdict(
        status=assessment.status.value,
        rules=tuple(sorted(f.rule for f in assessment.findings)),
        departure_id=assessment.departure_id,
        tier=assessment.tier.value if assessment.tier else None,
        score=assessment.score,
    )


def judged(sent: list[Sent], chance: random.Random) -> dict[Place, Verdict]:
    """The last that a live book says, fed in batches."""
    book, said = Casebook(POLICY), {}
    admitted = [Admitted(decode_fact(topic, key, value), digest_of(value)) for topic, key, value, _ in sent]
    while admitted:
        size = chance.randint(1, len(admitted))
        batch, admitted = admitted[:size], admitted[size:]
        for assessment in book.assess(book.remember(batch)):
            said[assessment.province.value, assessment.event_id] = verdict_of(assessment)
    return said


def test_the_oracle_and_the_core_agree_on_thousands_of_small_worlds() -> None:
    print(f"seed {SEED}")
    statuses: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for number in range(WORLDS):
        chance = random.Random(f"{SEED}-{number}")
        facts = Facts(chance, partitions=1).world(chance.choice([3, 6, 12, 30]), a_block=chance.choice([1, 2, 4]))
        if chance.random() < 0.2:
            facts = [f for f in facts if b"complete_up_to" not in f[2]]
        right = Oracle(value for _, _, value, _ in facts).verdicts()
        said = judged(arrivals(facts, chance), chance)
        wrong = {p: (said.get(p), right.get(p)) for p in right | said if said.get(p) != right.get(p)}
        assert not wrong, f"seed {SEED}, world {number}: core, oracle: {wrong}"
        statuses.update(v.status for v in right.values())
        rules.update(rule for v in right.values() for rule in v.rules)
    print(dict(statuses), dict(rules))
    assert len(statuses) == 5
    assert set(rules) == EXPECTED
    assert min(*statuses.values(), *rules.values()) >= 3


@pytest.mark.parametrize("born", [date(1970, 1, 1) + timedelta(days=97 * n) for n in range(20)])
def test_the_names_of_the_facts_are_strangers(born: date) -> None:
    """The oracle takes names for equal or not: under no birth date may two of them be near."""
    for a, b in combinations([code_bits(str(name_code(KEY, born, name))) for name in NAMES], 2):
        assert names_disagree(a, b, POLICY.matching)
        assert not names_near(a, b, POLICY.matching)
        assert dice_bits(a, b) < POLICY.matching.report_dice
