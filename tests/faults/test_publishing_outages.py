"""A publication during an outage arrives whole, or says how many rows were acknowledged; twice is counted once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lintas.keys import ensure_key
from producers.columns import CROSSINGS
from producers.publication import Publication, publish_file
from producers.publisher import Publisher
from schemas.codec import decode
from schemas.identity import LinkageKey
from schemas.records import TransitEvent
from schemas.vocabulary import Province
from tests.faults.kept import until
from tests.faults.outages import OUTAGES
from tests.faults.proxy import Fault
from tests.faults.stage import Stage, read

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
HEADER = "event_id,checkpoint_id,occurred_at,direction,name,birth_date,document_type,document_number\n"
ROWS = 3_000
NARROW = Fault(bytes_per_second=150_000, piece_bytes=4_096)
"""So that an outage can come in the middle of a file."""


def crossings(folder: Path, prefix: str) -> Path:
    rows = (
        f"{prefix}-{i},ID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN,1998-{i % 12 + 1:02d}-17,"
        f"passport,XX{i:07d}\n"
        for i in range(ROWS)
    )
    path = folder / f"{prefix}.csv"
    path.write_text(HEADER + "".join(rows))
    return path


def arrived(stage: Stage, prefix: str) -> list[str]:
    """The events of one file that are in the log, copies included."""
    found = (decode(TransitEvent, record.value) for record in read(stage.bootstrap, "transit.kepri"))
    return [event.event_id for event in found if event.event_id.startswith(f"{prefix}-")]


def publish(stage: Stage, path: Path, *, deadline_seconds: float, say: Callable[[str], None] = print) -> Publication:
    """In this process, with a deadline of our own."""
    publisher = Publisher(
        stage.proxies["publisher-kafka"].address,
        deadline_seconds=deadline_seconds,
        bootstrap_timeout_seconds=3,
        on_wait=say,
    )
    try:
        return publish_file(path, CROSSINGS, province=Province.KEPRI, key=KEY, clock=lambda: NOON, publisher=publisher)
    finally:
        publisher.close(flush=False)


def assert_counted_once(stage: Stage, prefix: str) -> None:
    """Every row has one verdict, whatever was sent twice."""
    stage.wait_done()
    with stage.tables() as client:
        sql = "SELECT count(), uniqExact(event_id) FROM assessments FINAL WHERE startsWith(event_id, %(prefix)s)"
        assert client.execute(sql, {"prefix": f"{prefix}-"}) == [(ROWS, ROWS)]
    stage.assert_accounts()


def names() -> list[object]:
    short = {"reset"}
    return [pytest.param(name, marks=[] if name in short else [pytest.mark.long]) for name in OUTAGES]


@pytest.mark.parametrize("name", names())
def test_an_outage_in_the_middle_of_a_file_delays_it(stage: Stage, tmp_path: Path, name: str) -> None:
    proxy, prefix = stage.proxies["publisher-kafka"], f"p-{name.replace(' ', '')}"
    path, told = crossings(tmp_path, prefix), list[str]()
    proxy.both(NARROW)
    results: list[Publication] = []
    sending = threading.Thread(
        target=lambda: results.append(publish(stage, path, deadline_seconds=90, say=told.append))
    )
    sending.start()
    time.sleep(1.5)
    OUTAGES[name].last(proxy, 9.0)
    sending.join(150)
    (result,) = results
    assert (result.failure, result.exit_code, result.accepted) == ("", 0, ROWS)
    assert set(arrived(stage, prefix)) == {f"{prefix}-{i}" for i in range(ROWS)}
    if OUTAGES[name].is_total:
        assert told[0].startswith(f"Kafka at {proxy.address} acknowledges nothing: waiting for it, 90 s at most")
        assert told[-1] == f"Kafka at {proxy.address} answers again"
    assert_counted_once(stage, prefix)


@pytest.mark.long
@pytest.mark.parametrize("name", ["refused", "silent"])
def test_an_outage_that_does_not_end_says_how_many_rows_were_acknowledged(
    stage: Stage, tmp_path: Path, name: str
) -> None:
    proxy, prefix = stage.proxies["publisher-kafka"], f"e-{name}"
    path, results = crossings(tmp_path, prefix), list[Publication]()
    proxy.both(NARROW)
    sending = threading.Thread(target=lambda: results.append(publish(stage, path, deadline_seconds=5)))
    sending.start()
    until(lambda: len(arrived(stage, prefix)) > 0)
    OUTAGES[name].begin(proxy)
    sending.join(60)
    (result,) = results
    proxy.heal()
    assert result.exit_code == 1
    assert f"Kafka at {proxy.address} does not answer" in result.failure
    assert result.accepted == result.read - len(result.undelivered) < ROWS
    assert len(set(arrived(stage, prefix))) >= result.accepted > 0
    assert publish(stage, path, deadline_seconds=60).exit_code == 0
    assert_counted_once(stage, prefix)


def command(stage: Stage, path: Path) -> subprocess.Popen[str]:
    """`lintas publish` as a partner runs it."""
    key = path.with_suffix(".key")
    ensure_key(key)
    env = {**os.environ, "LINTAS_KAFKA": stage.proxies["publisher-kafka"].address, "LINTAS_KEY_FILE": str(key)}
    argv = [sys.executable, "-m", "lintas", "publish", "crossings", str(path), "--dir", str(path.parent / "none")]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.long
def test_the_command_without_kafka_says_so_in_one_line(stage: Stage, tmp_path: Path) -> None:
    proxy = stage.proxies["publisher-kafka"]
    OUTAGES["refused"].begin(proxy)
    out, err = command(stage, crossings(tmp_path, "c-none")).communicate(timeout=60)
    proxy.heal()
    assert out == ""
    assert re.fullmatch(rf"lintas: Kafka at {proxy.address} does not answer .*nothing was published\n", err), err


@pytest.mark.long
def test_the_command_gives_up_with_exit_code_1_and_the_same_command_ends_what_it_began(
    stage: Stage, tmp_path: Path
) -> None:
    proxy, prefix = stage.proxies["publisher-kafka"], "c-long"
    path = crossings(tmp_path, prefix)
    proxy.both(NARROW)
    running = command(stage, path)
    until(lambda: len(arrived(stage, prefix)) > 0)
    OUTAGES["refused"].begin(proxy)
    out, err = running.communicate(timeout=200)
    proxy.heal()
    assert running.returncode == 1, err
    found = re.search(r"(\d+) of (\d+) rows published", out)
    assert found is not None
    acknowledged = int(found[1])
    assert len(set(arrived(stage, prefix))) >= acknowledged
    assert f"Kafka at {proxy.address} does not answer" in err.splitlines()[-1]
    assert f"{acknowledged} of the {found[2]} rows read were acknowledged" in err.splitlines()[-1]
    again = command(stage, path)
    again.communicate(timeout=100)
    assert again.returncode == 0
    assert_counted_once(stage, prefix)
