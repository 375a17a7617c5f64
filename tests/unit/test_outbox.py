"""An outbox loses nothing that it has confirmed, counts without a gap, and says what is missing."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from producers.columns import CROSSINGS, HEARTBEATS
from producers.forwarding import skew_of, told_skew
from producers.jsonl_rows import parse_object, row_of_pairs
from producers.messages import Message
from producers.outbox import KEPT_AFTER_SENT, Outbox, OutboxFailed
from producers.reading import read_messages
from producers.storing import store_file
from schemas.identity import LinkageKey
from schemas.records import TransitEvent

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ROW = {
    "checkpoint_id": "ID-21-TBK",
    "occurred_at": "2026-11-03T09:30:00+07:00",
    "direction": "out",
    "name": "MARIA CONTOH",
    "birth_date": "1998-05-17",
}


def crossing(event_id: str, **more: Any) -> Message:
    pairs = parse_object(json.dumps(ROW | {"event_id": event_id} | more).encode())
    messages, _ = read_messages(row_of_pairs(pairs, 1, CROSSINGS, set()), CROSSINGS, province=None, keys=(KEY,))
    return messages[0]


def numbers(box: Outbox) -> list[tuple[str | None, int | None, str]]:
    events = [one.message.record for one in box.waiting(10_000)]
    return [(e.device_id, e.sequence, e.event_id) for e in events if isinstance(e, TransitEvent)]


def test_crossings_without_a_number_get_the_next_one_of_their_device(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.sqlite", device="gate-1")
    assert box.store([crossing("A"), crossing("B", device_id="tablet")], NOON) == 2
    assert (
        box.store(
            [crossing("C"), crossing("D", device_id="tablet", sequence=9), crossing("E", device_id="tablet")], NOON
        )
        == 3
    )
    assert numbers(box) == [
        ("gate-1", 1, "A"), ("tablet", 1, "B"), ("gate-1", 2, "C"), ("tablet", 9, "D"), ("tablet", 10, "E"),
    ]  # fmt: skip
    (gap,) = box.gaps()
    assert gap == ("tablet", 2, 8)
    assert [(d.name, d.missing) for d in box.standing().devices] == [("gate-1", 0), ("tablet", 7)]
    box.close()


def test_what_is_handed_in_twice_is_kept_once_and_takes_no_number(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.sqlite")
    assert [box.store([crossing("A"), crossing("B")], NOON), box.store([crossing("A"), crossing("C")], NOON)] == [2, 1]
    assert [sequence for _, sequence, _ in numbers(box)] == [1, 2, 3]
    box.mark_sent([1, 2, 3], NOON)
    assert box.store([crossing("A")], NOON + timedelta(days=1)) == 0
    assert box.waiting(10) == []
    box.mark_sent([], NOON + KEPT_AFTER_SENT + timedelta(seconds=1))
    assert box.standing().stored == 0
    box.close()


def test_all_messages_of_a_call_are_kept_or_none(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.sqlite")

    def breaking() -> Any:
        yield crossing("A")
        message = "no more"
        raise ValueError(message)

    with pytest.raises(ValueError, match="no more"):
        box.store(breaking(), NOON)
    assert box.waiting(10) == []
    box.store([crossing("B")], NOON)
    assert numbers(box)[0][1:] == (1, "B")
    box.close()


def test_a_message_comes_out_as_it_went_in(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.sqlite")
    pairs = parse_object(b'{"source": "LTSA", "complete_up_to": "2026-11-03T00:00:00+08:00"}')
    beat, _ = read_messages(row_of_pairs(pairs, 1, HEARTBEATS, set()), HEARTBEATS, province=None, keys=(KEY,))
    event = crossing("A", sequence=4, device_id="gate", carrier="KM LANTERN")
    box.store([event, *beat], NOON)
    assert [one.message for one in box.waiting(10)] == [event, *beat]
    box.close()


def test_after_a_power_cut_whatever_the_disk_kept_of_the_rest_all_that_was_confirmed_is_there(tmp_path: Path) -> None:
    """What was synced before a call returned is kept; of what was written later, any part may be there, or rubbish."""
    seed = int(os.environ.get("LINTAS_TEST_SEED", random.randrange(10**9)))
    sys.stdout.write(f"LINTAS_TEST_SEED={seed}\n")
    chance = random.Random(seed)
    live, wal = tmp_path / "live.sqlite", tmp_path / "live.sqlite-wal"
    box = Outbox(live)
    sizes: list[tuple[int, int]] = []
    for number in range(60):
        box.store([crossing(f"{number}-{i}") for i in range(chance.randint(1, 4))], NOON)
        sizes.append((box.standing().stored, wal.stat().st_size))
    whole = wal.read_bytes()
    for cut in range(100):
        confirmed, synced = chance.choice(sizes)
        torn = whole[synced : synced + chance.randint(0, 9000)]
        if chance.random() < 0.5:
            torn = bytearray(torn)
            for _ in range(min(len(torn), 20)):
                torn[chance.randrange(len(torn))] ^= 0xFF
        copy = tmp_path / f"{cut}.sqlite"
        shutil.copy(live, copy)
        copy.with_name(f"{copy.name}-wal").write_bytes(whole[:synced] + bytes(torn))
        after = Outbox(copy)
        found = numbers(after)
        assert len(found) >= confirmed
        assert [sequence for _, sequence, _ in found] == list(range(1, len(found) + 1))
        after.close()
    box.close()


def test_the_disk_is_synced_at_every_commit(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.sqlite")
    assert box._base.execute("PRAGMA synchronous").fetchone() == (2,)
    assert box._base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert (tmp_path / "o.sqlite").stat().st_mode & 0o777 == 0o600
    box.close()


def test_what_is_no_outbox_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(OutboxFailed, match="SQLITE_NOTADB"):
        Outbox(file)
    assert file.read_bytes() == b"not a database" * 100
    newer = tmp_path / "newer.sqlite"
    base = sqlite3.connect(newer)
    base.execute("PRAGMA user_version=9")
    base.close()
    with pytest.raises(OutboxFailed, match="newer version"):
        Outbox(newer)


def test_a_full_disk_fails_by_name_and_keeps_what_was_confirmed(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "o.sqlite")
    box.store([crossing("A")], NOON)
    box._base.execute(f"PRAGMA max_page_count={box._base.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(OutboxFailed, match="SQLITE_FULL"):
        box.store([crossing(f"B{i}") for i in range(200)], NOON)
    assert [event_id for _, _, event_id in numbers(box)] == ["A"]
    box.close()


def test_no_identity_stands_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        json.dumps(ROW | {"nik": "5399992911619471"}) + "\n" + json.dumps(ROW | {"direction": "MARIA"}) + "\n"
    )
    box = Outbox(tmp_path / "o.sqlite")
    done = store_file(file, CROSSINGS, box, province=None, key=KEY, clock=lambda: NOON)
    assert (done.accepted, dict(done.refused), done.exit_code) == (1, {"unknown_value": 1}, 3)
    assert [one.message.topic for one in box.waiting(10)] == ["transit.kepri", "rejected.kepri"]
    box.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("o.sqlite*"))
    assert b"transit_event" in raw
    for secret in (b"CONTOH", b"5399992911619471", b"1998-05-17"):
        assert secret not in raw


def test_a_clock_that_is_off_is_measured_against_the_brokers_stamp() -> None:
    begun, ended = NOON, NOON + timedelta(seconds=0.4)
    there = round((NOON - timedelta(minutes=5)).timestamp() * 1000) + 200
    skew = skew_of(begun, ended, there)
    assert (skew.seconds, skew.within_seconds) == (300.0, 0.2)
    assert told_skew(skew) == "this machine's clock is 300.0 s ahead of the broker's (within 0.2 s)"
    assert "20.0 s behind" in told_skew(skew_of(begun, begun, round(begun.timestamp() * 1000) + 20_000))
