"""The pure stage of groups alone, no Kafka: cost of a member told and judged, in small groups and in large ones.

Run: `python bench/groups.py` (CPU time, one process, ratios within the run).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.core import backlog, batches
from schemas.codec import decode, encode
from schemas.verdicts import ClusterMember
from streams.casebook import Casebook
from streams.clusters.book import AdmittedMember, Clusterbook
from streams.outputs import member_outputs
from streams.policy import shipped_policy
from tests.groups import seat, told
from tests.people import T0

FACTS = 20_000


def say(line: str) -> None:
    """A line of the result."""
    print(line, flush=True)


def booked(people: int, groups: int) -> list[AdmittedMember]:
    """What is told of so many people under each of so many bookings, minutes apart."""
    members: list[AdmittedMember] = []
    for group in range(groups):
        seats = [
            seat(n, booking=f"BK{group}", home=0, at=T0 + timedelta(minutes=n // 40), event_id=f"{group}-{n}")
            for n in range(people)
        ]
        members += [one for one in told(*seats) if one.key.startswith("booking:")]
    return members


def judged_us(members: Sequence[AdmittedMember], size: int) -> float:
    """CPU microseconds per member, fed in batches of that size."""
    book = Clusterbook(shipped_policy())
    start = time.process_time()
    for begin in range(0, len(members), size):
        book.assess(book.remember(members[begin : begin + size]))
    return (time.process_time() - start) / len(members) * 1e6


def replayed_us(members: Sequence[AdmittedMember]) -> float:
    """CPU microseconds per member that a lane reads again when it starts, without Kafka's part."""
    values = [(one.key, encode(one.member)) for one in members]
    book = Clusterbook(shipped_policy())
    start = time.process_time()
    book.replay(AdmittedMember(key, decode(ClusterMember, value)) for key, value in values)
    return (time.process_time() - start) / len(values) * 1e6


def main() -> None:
    """Measure and say."""
    base = 0.0
    for people, groups in ((3, 1000), (300, 10), (5000, 1)):
        members = booked(people, groups)
        one, many = judged_us(members, 1), judged_us(members, 50)
        base = base or many
        say(
            f"groups of {people:5}: {one:8.0f} us per member one by one, {many:6.0f} us in batches of 50: "
            f"{many / base:.1f} times"
        )
    say(f"replay: {replayed_us(booked(300, 30)):.1f} us per member, read from its bytes")
    book, judging, telling, count = Casebook(shipped_policy()), 0.0, 0.0, 0
    for batch in batches(backlog(FACTS, 1, "a")):
        start = time.process_time()
        touched = book.remember(batch)
        book.assess(touched)
        judging += time.process_time() - start
        start = time.process_time()
        said = [output for one in book.members(touched) for output in member_outputs(one, 12)]
        telling += time.process_time() - start
        count += len(said)
    say(f"telling: {telling / FACTS * 1e6:.1f} us per fact beside {judging / FACTS * 1e6:.1f} us of judging it")
    say(f"         {count / FACTS:.2f} records per fact")


if __name__ == "__main__":
    main()
