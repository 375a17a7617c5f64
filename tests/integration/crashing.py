"""A loader that ends at one chosen point as a power cut would: run as a process of its own by the tests of crashes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from schemas.brokers import BrokerKind
from sinks.batch import TOPICS, Line
from sinks.consuming import Feed, Positions
from sinks.loader import Loader
from sinks.settings import Settings, StoreAddress
from sinks.store import Store, connect

DIED = 99


class DyingStore(Store):
    """Ends the process before or after the n-th block that goes to a table."""

    table, number, when = "", 0, ""

    def _send(self, table: str, lines: Sequence[Line]) -> None:
        here = table == self.table
        self.number -= here
        if here and self.number == 0 and self.when == "before":
            os._exit(DIED)
        try:
            super()._send(table, lines)
        finally:
            if here and self.number == 0 and self.when == "after":
                os._exit(DIED)


class DyingFeed(Feed):
    """Ends the process before or after a commit that says something new."""

    when = ""

    def commit(self, positions: Positions) -> bool:
        if self.when == "before commit":
            os._exit(DIED)
        done = super().commit(positions)
        if self.when == "after commit":
            os._exit(DIED)
        return done


def main(kafka: str, group: str, store: str, point: str) -> None:
    address = StoreAddress(**json.loads(store))
    # read by assignment: the dead would hold its partitions until its session expires
    settings = Settings(kafka=(kafka,), store=address, broker_kind=BrokerKind.EMBEDDED, pace_ms=20)
    dying, feed = DyingStore(connect(address)), DyingFeed(settings, TOPICS, group=group)
    if point.endswith("commit"):
        feed.when = point
    else:
        dying.when, number, dying.table = point.split()
        dying.number = int(number)
    loader = Loader(settings, feed, dying)
    for _ in range(20):
        loader.step()


if __name__ == "__main__":
    main(*sys.argv[1:])
