"""The same match as stock Faust would be written: Faust's own consumer, a Table of facts per block, `take`.

Run as a program: `python -m bench.stock_faust BOOTSTRAP DATADIR`.
"""

from __future__ import annotations

import sys
from typing import Any

import faust

from schemas.codec import decode_fact, encode
from schemas.topics import DEPARTURES, TRANSIT
from streams.admission import digest_of
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy

OUTPUT = "stock.assessments"
CHANGELOG = "stock-faust-facts-changelog"
POLICY = shipped_policy()


def build(bootstrap: str, datadir: str) -> Any:
    """The app, tuned as far as its settings go."""
    app = faust.App(
        "stock-faust",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=datadir,
        web_enabled=False,
        topic_partitions=4,
        topic_disable_leader=True,
        stream_buffer_maxsize=16_384,
        producer_linger=0.02,
        broker_commit_every=100_000,
        consumer_max_fetch_size=8_388_608,
    )
    facts = app.Table("facts", default=list, partitions=4, key_type=str, value_type=list, use_partitioner=True)
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    output = app.topic(OUTPUT, **raw)
    inputs = app.topic(*TRANSIT, DEPARTURES, **raw)

    @app.agent(inputs)
    async def judge(stream: Any) -> None:
        async for events in stream.noack_take(500, within=0.05):
            for event in events:
                message = event.message
                if not message.key:
                    event.ack()
                    continue
                await judge_one(facts, output, message)
                event.ack()

    return app


async def judge_one(facts: Any, output: Any, message: Any) -> None:
    """Put the fact into the table, judge its block anew and send what it says of this crossing."""
    key = message.key.decode()
    known = facts[key]
    known.append([message.topic, message.value.decode()])
    facts[key] = known
    book = Casebook(POLICY)
    read = [Admitted(decode_fact(t, message.key, v.encode()), digest_of(v.encode())) for t, v in known]
    book.replay(read[:-1])
    for assessment in book.assess(book.remember(read[-1:])):
        await output.send(key=message.key, value=encode(assessment))


def main() -> None:
    """Run until the process is ended."""
    app = build(sys.argv[1], sys.argv[2])
    app.finalize()
    faust.Worker(app, loglevel="warn", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
