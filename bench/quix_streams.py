"""The match in Quix Streams: a streaming dataframe over all inputs with state by block in its RocksDB store.

Run as a program: `python -m bench.quix_streams BOOTSTRAP STATEDIR same|toy`.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, message_context

from bench import same, toy
from schemas.records import Departure

NAME = "quix"


def output_of(kind: str) -> str:
    """Where its verdicts go."""
    return f"{NAME}-{kind}.verdicts"


def judge_block(value: bytes, key: bytes, timestamp: int, headers: Any, state: Any) -> list[bytes]:
    """Put the fact beside the others of its block, and judge them."""
    if not key:
        return []
    known = [*state.get("facts", ()), [message_context().topic, value.decode()]]
    state.set("facts", known)
    return same.judged(known, key)


def judge_number(value: bytes, key: bytes, timestamp: int, headers: Any, state: Any) -> list[bytes]:
    """Keep a registration's numbers, or look a crossing's up and say what is known."""
    fact = toy.read(message_context().topic, key, value) if key else None
    if fact is None:
        return []
    if isinstance(fact, Departure):
        for token in toy.registered(fact):
            state.set(token, fact.departure_id)
        return []
    found = next((known for token in toy.carried(fact) if (known := state.get(token)) is not None), None)
    return [toy.verdict(fact, found)]


def main() -> None:
    """Run until the process is ended."""
    bootstrap, folder, kind = sys.argv[1:4]
    app = Application(
        broker_address=bootstrap,
        consumer_group=f"{NAME}-{kind}",
        state_dir=folder,
        auto_offset_reset="earliest",
        auto_create_topics=True,
        use_changelog_topics=True,
        commit_interval=1.0,
        loglevel="WARNING",
    )
    raw = {"key_deserializer": "bytes", "value_deserializer": "bytes"}
    first, *others = (app.dataframe(app.topic(name, **raw)) for name in toy.INPUTS)
    joined = first
    for other in others:
        joined = joined.concat(other)
    judge = {"same": judge_block, "toy": judge_number}[kind]
    verdicts = joined.apply(judge, stateful=True, metadata=True, expand=True)
    verdicts.to_topic(app.topic(output_of(kind), key_serializer="bytes", value_serializer="bytes"))
    app.run()


if __name__ == "__main__":
    main()
