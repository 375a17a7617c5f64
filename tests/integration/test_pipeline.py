"""From partners' files to flags, through the command line: the verdicts of a set whose answers are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.known import world, write_all
from tests.integration.stacked import Stack, assert_balanced, difference

pytestmark = [pytest.mark.stack, pytest.mark.twice]


@pytest.mark.parametrize(("suffix", "number"), [(".csv", 0), (".jsonl", 1), (".xlsx", 2)])
def test_every_traveller_of_the_known_set_gets_the_known_verdict(
    stack: Stack, tmp_path: Path, suffix: str, number: int
) -> None:
    known = world(f"known{suffix}", number)
    before = stack.accounting()
    for kind, file in write_all(known, tmp_path, suffix):
        stack.publish(kind, file)
    stack.wait()
    found = stack.flags(known.tag)
    assert found.keys() == known.expected.keys()
    for event_id, wanted in known.expected.items():
        row = found[event_id]
        got = (row["status"], row["score"], tuple(sorted(row["rules"])), row["departure_id"], row["tier"])
        assert got == (wanted.status, wanted.score, wanted.rules, wanted.departure, wanted.tier), event_id
    after = stack.accounting()
    assert_balanced(after)
    assert difference(before, after) == {
        province: {"published": len(rows), "assessed": len(rows), "rejected": 0, "duplicate": 0}
        for province, rows in known.crossings.items()
    }
