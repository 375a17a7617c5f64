"""Records a second of `lintas publish`, from a partner's file to Kafka's acknowledgement, and what each step costs.

Usage: python bench/publisher.py [--rows 50000]

The last line is `publisher N records/s, jobs 2, U µs of CPU a record`: of all client processes, their start included.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.kafka_side import create_topics  # noqa: E402
from bench.lists import write_csv, write_list  # noqa: E402
from lintas.stack.brokers import running_kafka  # noqa: E402
from producers.columns import CROSSINGS, KINDS  # noqa: E402
from producers.crossings import read_crossing  # noqa: E402
from producers.journeys import simulate  # noqa: E402
from producers.opening import open_table  # noqa: E402
from producers.publication import publish_file  # noqa: E402
from producers.publisher import Publisher  # noqa: E402
from producers.rows import Row  # noqa: E402
from schemas.codec import encode, headers_of  # noqa: E402
from schemas.identity import LinkageKey, TokenKind, name_code, token  # noqa: E402

KEY = LinkageKey("bench", b"a bench key of thirty-two bytes..")
TURNS = 5


def say(text: str) -> None:
    """One line at once, also into a pipe."""
    print(text, flush=True)


def files(folder: Path, rows: int) -> dict[str, tuple[str, Path]]:
    """Simulated crossings as CSV and as JSONL, departures, and one list as PAXLST and CSV; by name, with their kind."""
    simulate(folder, seed=1, days=max(2, rows // 13_000 + 1), rate=20, scale=1, start=date(2026, 1, 5))
    crossings, lines = folder / "crossings.csv", folder / "crossings.jsonl"
    with (folder / "crossings-kepri.csv").open(newline="", encoding="utf-8") as whole:
        table = [row for row, _ in zip(csv.reader(whole), range(rows + 1), strict=False)]
    with crossings.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows(table)
    with lines.open("w", encoding="utf-8") as target:
        target.writelines(json.dumps(dict(zip(table[0], row, strict=True))) + "\n" for row in table[1:])
    write_list(folder / "list.edi", rows)
    write_csv(folder / "list.csv", folder / "list.edi")
    return {
        "passenger list PAXLST": ("crossings", folder / "list.edi"),
        "passenger list CSV": ("crossings", folder / "list.csv"),
        "crossings CSV": ("crossings", crossings),
        "crossings JSONL": ("crossings", lines),
        "departures CSV": ("departures", folder / "departures.csv"),
    }


def published(bootstrap: str, kind: str, path: Path, jobs: int = 1) -> tuple[float, float]:
    """Records a second by the clock, and CPU microseconds of the client per record, broker not counted."""
    with Publisher(bootstrap) as publisher:
        wall, cpu = time.monotonic(), clients_cpu()
        result = publish_file(
            path, KINDS[kind], province=None, key=KEY, clock=lambda: datetime(2026, 1, 5, tzinfo=UTC),
            publisher=publisher, jobs=jobs,
        )  # fmt: skip
        wall, cpu = time.monotonic() - wall, clients_cpu() - cpu
    if result.exit_code:
        raise SystemExit(f"{path.name}: {result.failure or result.refused}")
    return result.records / wall, 1e6 * cpu / result.records


def clients_cpu() -> float:
    """CPU seconds of this process and of those that it started and that ended: workers, never the broker."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def cost(work: Callable[[], object], rows: int) -> float:
    """CPU microseconds a row, the best of some turns: other work on the machine only ever adds."""
    best = float("inf")
    for _ in range(TURNS):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return 1e6 * best / rows


def read_rows(path: Path) -> list[Row]:
    """All rows of a crossings file."""
    with open_table(path, CROSSINGS) as table:
        return [row for row in table.rows if isinstance(row, Row)]


def steps(path: Path) -> None:
    """What each step before Kafka costs, per row of the file, in the order in which a row takes them."""
    rows = read_rows(path)
    messages = [read_crossing(row, key=KEY, province=None)[0] for row in rows]
    people = [(row.cells.get("birth_date"), row.cells.get("name")) for row in rows]
    named = [(date.fromisoformat(born), name) for born, name in people if born and name]
    numbers = [row.cells["document_number"] for row in rows if "document_number" in row.cells]
    whole = cost(lambda: [read_crossing(row, key=KEY, province=None) for row in rows], len(rows))
    codes = cost(lambda: [name_code(KEY, born, name) for born, name in named], len(named))
    tokens = cost(lambda: [token(KEY, TokenKind.PASSPORT, number) for number in numbers], len(numbers))
    say("| step | CPU us a row |\n|---|---|")
    say(f"| read and split the row | {cost(lambda: read_rows(path), len(rows)):.1f} |")
    say(f"| row to record, all of it | {whole:.1f} |")
    say(f"| of it: name code ({100 * codes / whole:.0f} %) | {codes:.1f} |")
    say(f"| of it: one token ({100 * tokens / whole:.0f} %) | {tokens:.1f} |")
    say(f"| record to JSON | {cost(lambda: [encode(one.record) for one in messages], len(rows)):.1f} |")
    headed = cost(lambda: [headers_of(m.record, identifier=m.identifier, source=m.source) for m in messages], len(rows))
    say(f"| headers | {headed:.1f} |")


def main() -> None:
    """Measure everything on one Apache Kafka."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = files(folder, options.rows)
        steps(given["crossings CSV"][1])
        with running_kafka(folder / "kafka", os.environ) as bootstrap:
            create_topics(bootstrap)
            published(bootstrap, *given["departures CSV"])  # the broker's first batches are its slowest
            figures = {
                f"{what}, jobs {jobs}": published(bootstrap, *one, jobs)
                for what, one in given.items()
                for jobs in (1, 2)
            }
    for what, (rate, cpu) in figures.items():
        say(f"{what}: {rate:.0f} records/s, {cpu:.0f} us of client CPU a record")
    rate, cpu = figures["crossings CSV, jobs 2"]
    say(f"publisher {rate:.0f} records/s, jobs 2, {cpu:.0f} µs of CPU a record")


if __name__ == "__main__":
    main()
