"""The matcher beside a bare loop, stock Faust and Quix Streams on one machine; then publish-to-queryable.

The rivals do the same match (`bench/same.py`) and a toy of it (`bench/toy.py`), on a shorter backlog of the same kind.

Usage: python bench/pipeline.py [--quick] [--events 500000] [--rival-events 60000] [--seconds 20]

The last line begins `matcher N events/s`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import quix_streams, stock_faust
from bench.backlog import START, heartbeats, travellers
from bench.kafka_side import PARTITIONS, create_topics, producer, publish
from bench.latency import latency
from bench.loops import bare_loop, by_json, by_model, matcher_rate, rival_rate
from bench.processes import end_on_sigterm, say
from lintas.stack.brokers import running_kafka
from schemas.topics import DEPARTURES, TRANSIT

SHORT = 100_000


def backlog(bootstrap: str, events: int) -> int:
    """A season's travellers and heartbeats; gives back how many records of the matcher's inputs there are."""
    counts = publish(bootstrap, travellers(events))
    beats = heartbeats(START + timedelta(days=30))
    sender = producer(bootstrap)
    for value in beats:
        for partition in range(PARTITIONS):
            sender.produce(DEPARTURES, value, partition=partition)
    sender.flush()
    return sum(counts.values()) + len(beats) * PARTITIONS


def against_bare(events: int, folder: Path) -> tuple[float, float]:
    """Records a second of the bare loop and of the matcher."""
    with running_kafka(folder / "kafka", os.environ) as bootstrap:
        create_topics(bootstrap, ["bare.out"])
        total = backlog(bootstrap, events)
        bare = bare_loop(bootstrap, total, by_json)
        say(f"bare confluent-kafka loop (decode, re-send): {bare:.0f} records/s")
        model = bare_loop(bootstrap, min(total, SHORT), by_model)
        say(f"the same with the matcher's own validation and encoding: {model:.0f} records/s")
        ours = matcher_rate(bootstrap, total, folder)
        say(f"matcher (validation, all rules, transactions): {ours:.0f} records/s")
    return bare, ours


def of_rivals(events: int, kind: str, folder: Path) -> tuple[float, float]:
    """Events a second of stock Faust and of Quix Streams, doing that kind of match."""
    topics = [stock_faust.output_of(kind), stock_faust.changelog_of(kind), quix_streams.output_of(kind)]
    with running_kafka(folder / f"rivals-{kind}", os.environ) as bootstrap:
        create_topics(bootstrap, topics)
        counts = publish(bootstrap, travellers(events))
        total = sum(counts[t] for t in TRANSIT)
        stock = rival_rate(bootstrap, "bench.stock_faust", kind, topics[0], total, folder)
        say(f"stock Faust (Table, take; {kind} match): {stock:.0f} events/s")
        quix = rival_rate(bootstrap, "bench.quix_streams", kind, topics[2], total, folder)
        say(f"Quix Streams (RocksDB state; {kind} match): {quix:.0f} events/s")
    return stock, quix


def main() -> None:
    """Run everything and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the backlog, in about two minutes")
    parser.add_argument("--events", type=int)
    parser.add_argument("--rival-events", type=int)
    parser.add_argument("--seconds", type=int)
    options = parser.parse_args()
    end_on_sigterm()
    events = options.events or (100_000 if options.quick else 500_000)
    rival_events = options.rival_events or (20_000 if options.quick else 60_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, ours = against_bare(events, folder)
        stock, quix = of_rivals(rival_events, "same", folder)
        toys = of_rivals(rival_events, "toy", folder)
        with running_kafka(folder / "live", os.environ) as bootstrap:
            create_topics(bootstrap)
            p50, p99 = latency(bootstrap, options.seconds or (10 if options.quick else 20), folder)
    say(f"matcher beside Quix Streams: {ours / quix:.1f} x")
    say(
        f"beside their toys, which do far less: {ours / toys[0]:.1f} x stock Faust, {ours / toys[1]:.1f} x Quix Streams"
    )
    say(
        f"matcher {ours:.0f} events/s, {ours / stock:.1f} x stock Faust, {ours / bare:.2f} x bare loop, "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    )


if __name__ == "__main__":
    main()
