"""The toy match in Quix Streams: a streaming dataframe over all inputs with state by block in its RocksDB store.

Run as a program: `python -m bench.quix_streams BOOTSTRAP STATEDIR`.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, message_context

from bench.toy import INPUTS, QUIX_OUTPUT, carried, read, registered, verdict
from schemas.records import Departure

GROUP = "quix"


def judge(value: bytes, key: bytes, timestamp: int, headers: Any, state: Any) -> bytes | None:
    """Keep a registration's numbers, or look a crossing's up and say what is known."""
    fact = read(message_context().topic, key, value) if key else None
    if fact is None:
        return None
    if isinstance(fact, Departure):
        for token in registered(fact):
            state.set(token, fact.departure_id)
        return None
    found = next((known for token in carried(fact) if (known := state.get(token)) is not None), None)
    return verdict(fact, found)


def main() -> None:
    """Run until the process is ended."""
    app = Application(
        broker_address=sys.argv[1],
        consumer_group=GROUP,
        state_dir=sys.argv[2],
        auto_offset_reset="earliest",
        auto_create_topics=True,
        use_changelog_topics=True,
        commit_interval=1.0,
        loglevel="WARNING",
    )
    raw = {"key_deserializer": "bytes", "value_deserializer": "bytes"}
    first, *others = (app.dataframe(app.topic(name, **raw)) for name in INPUTS)
    joined = first
    for other in others:
        joined = joined.concat(other)
    verdicts = joined.apply(judge, stateful=True, metadata=True).filter(lambda said: said is not None)
    verdicts.to_topic(app.topic(QUIX_OUTPUT, key_serializer="bytes", value_serializer="bytes"))
    app.run()


if __name__ == "__main__":
    main()
