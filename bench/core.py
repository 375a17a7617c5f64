"""The pure core alone, no Kafka: cost and memory of a remembered and judged fact, in a small and a large history.

Run: `python bench/core.py [FACTS]` (default 1,000,000; CPU time, one process, ratios within the run).
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.backlog import KEY, travellers
from schemas.codec import decode, encode
from schemas.identity import block, name_code
from schemas.records import Departure, TransitEvent
from schemas.topics import DEPARTURES
from streams.admission import digest_of
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy

BATCH = 500
SAMPLE = 15_000
SEASON = 40_000
FIRST_OF_JANUARY = date(1980, 1, 1)
SYLLABLES = ("BA", "DO", "KE", "LU", "MI", "NA", "RE", "SO", "TA", "WI")


def say(line: str) -> None:
    """A line of the result."""
    print(line, flush=True)


def backlog(count: int, seed: int, prefix: str) -> Iterator[Admitted]:
    """Facts of `travellers`, as the gate hands them over."""
    for message in travellers(count, seed=seed, prefix=prefix):
        model = Departure if message.topic == DEPARTURES else TransitEvent
        yield Admitted(decode(model, message.value), digest_of(message.value))


def one_birth_date(count: int) -> list[Admitted]:
    """The same facts, all of people born on one day, of a thousand different names."""
    place, facts = block(KEY, FIRST_OF_JANUARY), []
    for number, admitted in enumerate(backlog(count, 5, "j")):
        first, last = divmod(number // 3 * 7919 % 1000, 31)
        name = f"{SYLLABLES[first % 10]}{SYLLABLES[first // 10 % 10]}RI {SYLLABLES[last % 10]}{SYLLABLES[last // 10]}NG"
        code = name_code(KEY, FIRST_OF_JANUARY, name)
        fact = admitted.fact.model_copy(update={"block": place, "name_code": code})
        facts.append(Admitted(fact, admitted.digest))
    return facts


def seasons(first: list[Admitted], count: int) -> Iterator[Admitted]:
    """Facts of ever other travellers, made from those of one season: a million in seconds and not in minutes.

    Each season has its own ids and document numbers, and its names stand in other blocks.
    """
    blocks = sorted({a.fact.block for a in first})
    place = {block: number for number, block in enumerate(blocks)}
    yield from first[:count]
    for number in range(min(len(first), count), count):
        season, admitted = number // len(first), first[number % len(first)]
        fact = admitted.fact
        block = blocks[(place[fact.block] + 37 * season) % len(blocks)]
        nik = turned(fact.nik_token, season)
        if isinstance(fact, TransitEvent):
            document = fact.document.model_copy(update={"token": turned(fact.document.token, season)})
            changes = {"event_id": f"{fact.event_id}-{season}", "block": block, "nik_token": nik, "document": document}
            yield Admitted(fact.model_copy(update=changes), admitted.digest)
        else:
            changes = {"departure_id": f"{fact.departure_id}-{season}", "block": block, "nik_token": nik}
            changes["passport_token"] = turned(fact.passport_token, season)
            # read anew, so that nothing of it is shared with the first season's
            yield Admitted(decode(Departure, encode(fact.model_copy(update=changes))), admitted.digest)


def turned(token: str | None, by: int) -> str | None:
    """Another token, made by turning this one's digits."""
    return None if token is None else f"{token[:-26]}{token[by - 26 :]}{token[-26 : by - 26]}"


def batches(facts: Iterable[Admitted]) -> Iterator[list[Admitted]]:
    """Facts as a lane gets them."""
    rest = iter(facts)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch


def judged_us(book: Casebook, facts: list[Admitted]) -> float:
    """CPU microseconds per fact of remember and assess."""
    start = time.process_time()
    for batch in batches(facts):
        book.assess(book.remember(batch))
    return (time.process_time() - start) / len(facts) * 1e6


def resident_bytes() -> int:
    """What the process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def remember(book: Casebook, facts: Iterable[Admitted]) -> float:
    """CPU microseconds per fact of `replay`, without decoding."""
    spent, taken = 0.0, 0
    for batch in batches(facts):
        start = time.process_time()
        book.replay(batch)
        spent += time.process_time() - start
        taken += len(batch)
    return spent / taken * 1e6


def main() -> None:
    """Measure and print."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    policy = shipped_policy()
    sample = list(backlog(SAMPLE, 3, "s"))
    crowd = one_birth_date(5_000)
    judged_us(Casebook(policy), sample)

    small, large = Casebook(policy), Casebook(policy)
    remember(small, backlog(10_000, 1, "a"))
    first = list(backlog(min(many, SEASON), 2, "b"))
    gc.collect()
    before = resident_bytes()
    replay_us = remember(large, seasons(first, many))
    gc.collect()
    held = (resident_bytes() - before) / len(large)
    gc.freeze()
    say(f"memory      {held:8.0f} bytes resident per remembered fact, {len(large):,} facts")
    say(f"replay      {replay_us:8.1f} us per fact")

    start = time.process_time()
    chunks = list(large.dump())
    dumped = time.process_time() - start
    start = time.process_time()
    loaded = Casebook.load(policy, chunks)
    took = time.process_time() - start
    say(f"snapshot    {sum(map(len, chunks)) / len(large):8.0f} bytes per fact; dump {dumped:.1f} s, load {took:.1f} s")
    assert len(loaded) == len(large)
    del loaded, chunks

    few_us, many_us = judged_us(small, sample), judged_us(large, sample)
    crowded_us = min(judged_us(Casebook(policy), crowd) for _ in range(3))
    say(f"judge       {few_us:8.1f} us per fact with 10,000 held")
    say(f"            {many_us:8.1f} us with {many:,} held: {many_us / few_us:.2f} times")
    say(f"            {crowded_us:8.1f} us in one block of 5,000: {crowded_us / few_us:.2f} times")


if __name__ == "__main__":
    main()
