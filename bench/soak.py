"""Matcher, loader, Kafka and ClickHouse at a steady rate for a long time: does anything grow that should not?

Usage: python bench/soak.py [--minutes 15] [--rate 2000]

A fixed set of facts is published first; from then on the same facts are sent again and again, so that the matcher's
memory, which keeps every fact once by design, has to stay flat. Printed a minute: resident memory, lag, tasks, threads,
open files. The slopes are least squares over the samples after the first third. The last line begins `soak`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from clickhouse_driver import Client  # noqa: E402

from bench.backlog import travellers  # noqa: E402
from bench.kafka_side import create_topics, producer  # noqa: E402
from bench.pipeline import process, say  # noqa: E402
from lintas.clickhouse import ClickHouseAddress, running_clickhouse  # noqa: E402
from lintas.lag import lags_of, readers  # noqa: E402
from lintas.stack.brokers import running_kafka  # noqa: E402
from lintas.topics_admin import admin_of  # noqa: E402
from sinks.migrating import migrate  # noqa: E402

FIXED_SECONDS = 20
"""So many seconds' worth of different facts."""
SAMPLE_SECONDS = 2.0
SETTLE_SECONDS = 120.0


@dataclass(slots=True)
class Watch:
    """What one process takes, sampled."""

    name: str
    running: psutil.Process
    status: Path | None = None
    seconds: list[float] = field(default_factory=list)
    rss_kb: list[float] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def sample(self, now: float) -> None:
        """Look once; raises psutil.NoSuchProcess when it has ended."""
        self.seconds.append(now)
        self.rss_kb.append(self.running.memory_info().rss / 1024)
        self.threads.append(self.running.num_threads())
        self.files.append(self.running.num_fds())
        self.tasks.append(self.told().get("tasks", 0))

    def told(self) -> dict[str, Any]:
        """Its status file."""
        try:
            found: dict[str, Any] = json.loads(self.status.read_text()) if self.status else {}
        except (OSError, ValueError):
            return {}
        return found

    def slope_kb_per_minute(self, after: float) -> float:
        """Least squares over the samples after the warm-up."""
        points = [(t, v) for t, v in zip(self.seconds, self.rss_kb, strict=True) if t >= after]
        middle = sum(t for t, _ in points) / len(points)
        mean = sum(v for _, v in points) / len(points)
        spread = sum((t - middle) ** 2 for t, _ in points)
        return 60 * sum((t - middle) * (v - mean) for t, v in points) / spread if spread else 0.0

    def growth(self, counts: list[int], after: float) -> int:
        """Greatest of the last third less the greatest of the third before it."""
        late = [c for t, c in zip(self.seconds, counts, strict=True) if t >= after]
        half = len(late) // 2
        return max(late[half:], default=0) - max(late[:half], default=0)

    def line(self) -> str:
        """The last sample."""
        return (
            f"{self.name} {self.rss_kb[-1] / 1024:.1f} MB, {self.tasks[-1]} tasks, "
            f"{self.threads[-1]} threads, {self.files[-1]} files"
        )


def behind(bootstrap: str) -> int:
    """Records that matcher and loader have not done."""
    with admin_of((bootstrap,)) as admin:
        return sum(lag.behind for group, topics in readers().items() for lag in lags_of(admin, group, topics))


def soak(bootstrap: str, watches: list[Watch], *, minutes: float, rate: int) -> float:
    """Publish at the rate and sample; gives back when the warm-up was over."""
    facts = list(travellers(rate * FIXED_SECONDS, prefix="soak"))
    sender, begun = producer(bootstrap, linger_ms=5), time.monotonic()
    looked = told = begun
    for number, fact in enumerate(itertools.cycle(facts)):
        while begun + number / rate > time.monotonic():
            sender.poll(0.005)
        sender.produce(fact.topic, fact.value, fact.key)
        now = time.monotonic()
        if now - looked >= SAMPLE_SECONDS:
            looked = now
            sender.poll(0)
            for watch in watches:
                watch.sample(now)
            if now - told >= 60:
                told = now
                lag = behind(bootstrap)
                say(f"minute {(now - begun) / 60:.0f}: lag {lag}; " + "; ".join(watch.line() for watch in watches))
        if now - begun >= minutes * 60:
            break
    sender.flush()
    return begun + minutes * 20


def facts_of(matcher: Watch) -> int:
    """How many facts it remembers."""
    return sum(int(lane["facts"]) for lane in matcher.told().get("lanes", {}).values())


def settle(bootstrap: str) -> int:
    """The lag that is left when it had time to go."""
    until = time.monotonic() + SETTLE_SECONDS
    while (lag := behind(bootstrap)) and time.monotonic() < until:
        time.sleep(1)
    return lag


def child_of_this(text: str) -> psutil.Process:
    """The child process whose command line has the text."""
    for child in psutil.Process().children(recursive=True):
        if text in " ".join(child.cmdline()):
            return child
    raise LookupError(text)


def settings_of(bootstrap: str, address: ClickHouseAddress, folder: Path) -> dict[str, str]:
    """The environment of matcher and loader."""
    (folder / "password").write_text(address.password)
    where = {"host": address.host, "port": address.port, "user": address.user, "password": address.password}
    migrate(Client(**where, database=address.database))
    return {
        "LINTAS_KAFKA": bootstrap,
        "LINTAS_CLICKHOUSE": f"{address.host}:{address.port}",
        "LINTAS_CLICKHOUSE_USER": address.user,
        "LINTAS_CLICKHOUSE_PASSWORD_FILE": str(folder / "password"),
        "LINTAS_CLICKHOUSE_DATABASE": address.database,
    }


def main() -> None:
    """Run it and print the slopes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--rate", type=int, default=2_000, help="events a second")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bootstrap = stack.enter_context(running_kafka(folder / "kafka", os.environ))
        create_topics(bootstrap)
        address = stack.enter_context(running_clickhouse(folder / "clickhouse"))
        env = settings_of(bootstrap, address, folder)
        parts: dict[str, subprocess.Popen[bytes]] = {}
        for name, module in (("matcher", "streams"), ("loader", "sinks")):
            own = env | {"LINTAS_STATUS_FILE": str(folder / f"{name}.json")}
            parts[name] = stack.enter_context(process("-m", module, env=own, log=folder / f"{name}.log"))
        time.sleep(8)
        watches = [
            *(Watch(n, psutil.Process(p.pid), folder / f"{n}.json") for n, p in parts.items()),
            Watch("kafka", child_of_this("kafka.Kafka")),
            Watch("clickhouse", child_of_this("lintas.clickhouse")),
        ]
        after = soak(bootstrap, watches, minutes=options.minutes, rate=options.rate)
        lag = settle(bootstrap)
        ends = {name: part.poll() for name, part in parts.items()}
        facts = facts_of(watches[0])
    matcher, loader = watches[:2]
    for watch in watches:
        files = watch.growth(watch.files, after)
        say(f"{watch.name}: slope {watch.slope_kb_per_minute(after):.0f} kB/min, open files {files:+d}, {watch.line()}")
    say(f"facts remembered at the end: {facts} (the same facts were sent again, so this number stands still)")
    say(f"processes that ended meanwhile: {[name for name, code in ends.items() if code is not None] or 'none'}")
    tasks = matcher.growth(matcher.tasks, after)
    threads = sum(watch.growth(watch.threads, after) for watch in (matcher, loader))
    say(
        f"soak {options.minutes:g} min at {options.rate} events/s: "
        f"matcher slope {matcher.slope_kb_per_minute(after):.0f} kB/min, "
        f"loader slope {loader.slope_kb_per_minute(after):.0f} kB/min, lag {lag}, "
        f"tasks {tasks:+d}, threads {threads:+d}"
    )


if __name__ == "__main__":
    main()
