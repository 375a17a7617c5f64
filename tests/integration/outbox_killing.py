"""`python -m tests.integration.outbox_killing OUTBOX BROKER ROUNDS SEED TOLD`: stores and sends, and is killed for it.

Every round a child of this process stores crossings and sends them at the same time, notes in the file TOLD what has
been confirmed, and is killed at a random instruction. In the end all that is left is sent.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from producers.columns import CROSSINGS
from producers.forwarding import Forwarder, forward
from producers.jsonl_rows import parse_object, row_of_pairs
from producers.messages import Message
from producers.outbox import Outbox
from producers.publisher import Publisher
from producers.reading import read_messages
from schemas.identity import LinkageKey

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")


def crossing(event_id: str, born: int) -> Message:
    row = {"event_id": event_id, "checkpoint_id": "ID-21-TBK", "occurred_at": "2026-11-03T09:30:00+07:00",
           "direction": "out", "name": "MARIA CONTOH", "birth_date": f"1998-05-{born:02d}"}  # fmt: skip
    found = row_of_pairs(parse_object(json.dumps(row).encode()), 1, CROSSINGS, set())
    return read_messages(found, CROSSINGS, province=None, keys=(KEY,))[0][0]


def now() -> datetime:
    return datetime.now(UTC)


def work(path: Path, broker: str, number: int, told: int, chance: random.Random) -> None:
    """Store and send until death."""
    forwarder = Forwarder(Outbox(path, "gate"), lambda: Publisher(broker), now, lambda _: None)
    for i in range(1_000_000):
        ids = [f"{number}-{i}-{k}" for k in range(chance.randint(1, 20))]
        forwarder.send([crossing(one, chance.randint(1, 28)) for one in ids])
        os.write(told, "".join(f"{one}\n" for one in ids).encode())


def main(path: Path, broker: str, rounds: int, seed: int, told_file: Path) -> None:
    chance = random.Random(seed)
    told = os.open(told_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(rounds):
        child = os.fork()
        if child == 0:
            work(path, broker, number, told, random.Random(seed + number))
        time.sleep(chance.uniform(0.005, 0.6))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    box = Outbox(path, "gate")
    with Publisher(broker) as publisher:
        while forward(box, publisher, now):
            pass
    standing = box.standing()
    box.close()
    sys.stdout.write(json.dumps({"stored": standing.stored, "waiting": standing.waiting}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
