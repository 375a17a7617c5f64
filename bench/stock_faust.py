"""The toy match as stock Faust would be written: Faust's own consumer, a Table of numbers per block, `take`.

Run as a program: `python -m bench.stock_faust BOOTSTRAP DATADIR`.
"""

from __future__ import annotations

import sys
from typing import Any

import faust

from bench.toy import INPUTS, STOCK_OUTPUT, carried, read, registered, verdict
from schemas.records import Departure


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
    table = app.Table("registered", partitions=4, key_type=str, value_type=dict, use_partitioner=True)
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    output = app.topic(STOCK_OUTPUT, **raw)
    inputs = app.topic(*INPUTS, **raw)

    @app.agent(inputs)
    async def judge(stream: Any) -> None:
        async for events in stream.noack_take(500, within=0.05):
            for event in events:
                message = event.message
                if not message.key:
                    event.ack()
                    continue
                await judge_one(table, output, message)
                event.ack()

    return app


async def judge_one(table: Any, output: Any, message: Any) -> None:
    """Put a registration's numbers into the table, or look a crossing's up and send what is known."""
    key = message.key.decode()
    fact = read(message.topic, message.key, message.value)
    if fact is None:
        return
    # not `table[key]`: a missing key's default would be written to the changelog
    known = table.get(key) or {}
    if isinstance(fact, Departure):
        table[key] = known | dict.fromkeys(registered(fact), fact.departure_id)
        return
    found = next((known[token] for token in carried(fact) if token in known), None)
    await output.send(key=message.key, value=verdict(fact, found))


def main() -> None:
    """Run until the process is ended."""
    app = build(sys.argv[1], sys.argv[2])
    app.finalize()
    faust.Worker(app, loglevel="warn", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
