"""The match as stock Faust would be written: Faust's own consumer, a Table by block, `take`.

Run as a program: `python -m bench.stock_faust BOOTSTRAP DATADIR same|toy`.
"""

from __future__ import annotations

import sys
from typing import Any

import faust

from bench import same, toy
from schemas.records import Departure

NAME = "stock-faust"


def output_of(kind: str) -> str:
    """Where its verdicts go."""
    return f"{NAME}-{kind}.verdicts"


def changelog_of(kind: str) -> str:
    """Where its table goes."""
    return f"{NAME}-{kind}-table-changelog"


def build(bootstrap: str, datadir: str, kind: str) -> Any:
    """The app, tuned as far as its settings go."""
    app = faust.App(
        f"{NAME}-{kind}",
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
    table = app.Table("table", partitions=4, key_type=str, use_partitioner=True)
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    output = app.topic(output_of(kind), **raw)
    inputs = app.topic(*toy.INPUTS, **raw)
    judge = {"same": judge_block, "toy": judge_number}[kind]

    @app.agent(inputs)
    async def judge_all(stream: Any) -> None:
        async for events in stream.noack_take(500, within=0.05):
            for event in events:
                if event.message.key:
                    for verdict in judge(table, event.message):
                        await output.send(key=event.message.key, value=verdict)
                event.ack()

    return app


def judge_block(table: Any, message: Any) -> list[bytes]:
    """Put the fact beside the others of its block, and judge them."""
    key = message.key.decode()
    # not `table[key]`: a missing key's default would be written to the changelog
    known = [*(table.get(key) or ()), [message.topic, message.value.decode()]]
    table[key] = known
    return same.judged(known, message.key)


def judge_number(table: Any, message: Any) -> list[bytes]:
    """Put a registration's numbers into the table, or look a crossing's up and say what is known."""
    key = message.key.decode()
    fact = toy.read(message.topic, message.key, message.value)
    if fact is None:
        return []
    known = table.get(key) or {}
    if isinstance(fact, Departure):
        table[key] = known | dict.fromkeys(toy.registered(fact), fact.departure_id)
        return []
    found = next((known[token] for token in toy.carried(fact) if token in known), None)
    return [toy.verdict(fact, found)]


def main() -> None:
    """Run until the process is ended."""
    app = build(*sys.argv[1:4])
    app.finalize()
    del sys.argv[1:]
    faust.Worker(app, loglevel="warn", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
