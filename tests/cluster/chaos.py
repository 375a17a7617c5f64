"""What may happen to a cluster while facts arrive: a disaster a round, chosen by a seed, repaired as in production."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable

from lintas.stack.brokers import KafkaCluster
from tests.cluster.stage import Stage, Worker

BEYOND_THE_SESSION_SECONDS = 8.0
BEYOND_THE_LOADERS_SESSION_SECONDS = 12.0
MOST_MATCHERS = 4


class Chaos:
    """The disasters and how often each came."""

    def __init__(self, stage: Stage, brokers: KafkaCluster, chance: random.Random) -> None:
        self.stage, self.brokers, self.chance = stage, brokers, chance
        self.count: Counter[str] = Counter()
        self.done: list[str] = []
        self._begun = time.monotonic()

    @property
    def disasters(self) -> dict[str, Callable[[], object]]:
        return {
            "matcher killed": lambda: self.kill(self.one_of("matcher")),
            "broker killed": self.kill_broker,
            "matcher asleep": lambda: self.sleep(self.one_of("matcher"), BEYOND_THE_SESSION_SECONDS),
            "store away": self.store_away,
            "loader killed": lambda: self.kill(self.one_of("loader")),
            "matcher stopped": lambda: self.stop(self.one_of("matcher")),
            "matcher joins or leaves": self.join_or_leave,
            "all matchers killed": lambda: [self.kill(w) for w in self.all_of("matcher")],
            "loader asleep": lambda: self.sleep(self.one_of("loader"), BEYOND_THE_LOADERS_SESSION_SECONDS),
            "matcher killed while a broker is away": self.kill_both,
        }

    def run(self, rounds: int, *, pause_seconds: float, first: tuple[str, ...]) -> None:
        """So many rounds: the first as named, then each kind once in a random order, then any."""
        kinds = [kind for kind in self.disasters if kind not in first]
        self.chance.shuffle(kinds)
        plan = [*first, *kinds]
        plan += self.chance.choices(list(self.disasters), k=max(0, rounds - len(plan)))
        for kind in plan[:rounds]:
            time.sleep(self.chance.uniform(0.0, pause_seconds))
            self.count[kind] += 1
            self.done.append(kind)
            print(f"{time.monotonic() - self._begun:6.1f} s: {kind}", flush=True)
            self.disasters[kind]()

    def all_of(self, what: str) -> list[Worker]:
        return [w for w in self.stage.workers if w.name.startswith(what) and w.wanted]

    def one_of(self, what: str) -> Worker:
        return self.chance.choice(self.all_of(what))

    # -------------------------------------------------------------------------------------- the disasters

    def kill(self, worker: Worker) -> None:
        """The supervisor brings it back."""
        worker.send(signal.SIGKILL)

    def sleep(self, worker: Worker, seconds: float) -> None:
        process = worker.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds + self.chance.random())
        process.send_signal(signal.SIGCONT)

    def stop(self, worker: Worker) -> None:
        """In order, as for an update; then it comes back."""
        with self.stage.alone():
            code = worker.end()
        self.stage.stops.append((worker.name, code))
        time.sleep(self.chance.random() * 2)
        worker.start()

    def join_or_leave(self) -> None:
        matchers = self.all_of("matcher")
        if len(matchers) < MOST_MATCHERS:
            self.stage.matcher()
            return
        with self.stage.alone():
            self.stage.stops.append((matchers[-1].name, matchers[-1].end()))

    def kill_broker(self) -> None:
        number = self.chance.choice(self.brokers.node_ids)
        self.brokers.kill(number)
        time.sleep(self.chance.uniform(1.0, 5.0))
        self.brokers.start(number)

    def kill_both(self) -> None:
        number = self.chance.choice(self.brokers.node_ids)
        self.brokers.kill(number)
        time.sleep(self.chance.random())
        self.kill(self.one_of("matcher"))
        time.sleep(self.chance.uniform(1.0, 4.0))
        self.brokers.start(number)

    def store_away(self) -> None:
        assert self.stage.store is not None
        self.stage.store.kill()
        time.sleep(self.chance.uniform(2.0, 6.0))
        self.stage.start_store()
