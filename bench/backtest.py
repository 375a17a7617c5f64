"""`python -m bench.backtest [crossings]`: how many events a second `lintas policy backtest` reads and judges twice."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.backlog import START, heartbeats, travellers
from bench.kafka_side import PARTITIONS, create_topics, producer, publish
from bench.processes import say
from lintas.backtesting import backtest
from lintas.stack.brokers import running_kafka
from schemas.topics import DEPARTURES
from streams.policy import load_policy, shipped_policy, shipped_text

CROSSINGS = 300_000
WANTED_A_SECOND = 18_400
"""A year of 11 million events in ten minutes."""


def main() -> None:
    """Publish a backlog, then backtest a policy that differs in a weight and in matching, on two processes and one."""
    crossings = int(sys.argv[1]) if len(sys.argv) > 1 else CROSSINGS
    candidate = load_policy(shipped_text().replace("R01: 25", "R01: 55").replace("slip_bits: 40", "slip_bits: 36"))
    with tempfile.TemporaryDirectory() as name, running_kafka(Path(name) / "kafka", os.environ) as bootstrap:
        create_topics(bootstrap)
        publish(bootstrap, travellers(crossings))
        sender = producer(bootstrap)
        for value in heartbeats(START + timedelta(days=90)):
            for lane in range(PARTITIONS):
                sender.produce(DEPARTURES, value, partition=lane)
        sender.flush()
        results = set()
        for processes in (2, 1):
            before, began = os.times(), time.monotonic()
            records, tally = backtest(
                (bootstrap,), shipped_policy(), candidate, since=None, until=None, processes=processes,
                told=lambda left: None,
            )  # fmt: skip
            seconds, after = time.monotonic() - began, os.times()
            cpu = after.children_user + after.children_system - before.children_user - before.children_system
            rate = records / seconds
            say(
                f"{processes} processes: {records} records in {seconds:.1f} s = {rate:,.0f} a second "
                f"({rate / WANTED_A_SECOND:.2f} of what a year in ten minutes needs), "
                f"CPU {cpu / records * 1e6:.0f} µs a record, of which a core and a second judge {records / cpu:,.0f}; "
                f"flags {tally.flags_before} -> {tally.flags_after}, result {tally.digest}"
            )
            results.add(tally.digest)
        say("the same result both times" if len(results) == 1 else "THE RESULTS DIFFER")


if __name__ == "__main__":
    main()
