"""Groups on the real stack: planted ones are found whatever the order, and a worker that is killed changes nothing."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.integration.known import BATAM, NUNUKAN, Cells, crossing, departure, heartbeats, world, write, write_all
from tests.integration.known import Traveller as Person
from tests.integration.stacked import Row, Stack, assert_balanced, running_stack

pytestmark = pytest.mark.stack


def someone(number: int, name: str, born: str, world_number: int, *, female: bool = True) -> Person:
    return Person(number=number, world=world_number, name=name, female=female, born=date.fromisoformat(born))


def seats(tag: str, number: int) -> tuple[dict[str, list[Cells]], list[Cells]]:
    """Crossings by province and registrations: a led group, a split one, a pair, and their innocent look-alikes."""
    names = (
        "ANA BERE",
        "RINA TOBO",
        "DEWI NONA",
        "LUSIA KABU",
        "VERA TAE",
        "INA MALI",
        "SITI LAU",
        "EMA FOE",
        "ROSA UN",
    )
    young = [someone(200 + n, name, f"{2000 + n % 5}-0{1 + n}-11", number) for n, name in enumerate(names)]
    elder = someone(220, "YAKOBUS LALA", "1979-05-05", number, female=False)
    tied: dict[str, Any] = {"service_no": "MV 1", "purpose": "tourism"}
    kepri = [crossing(f"{tag}-led-{n}", p, booking=f"{tag}-BK1", **tied) for n, p in enumerate((elder, *young[:3]))]
    kaltara = [
        crossing(
            f"{tag}-split-{n}", p, place=NUNUKAN, payer=f"0812{number:03}777", service_no=f"KM {n}", purpose="tourism",
            occurred_at=f"2026-03-0{2 + 2 * n}T09:30:00+08:00",
        )
        for n, p in enumerate(young[3:6])
    ]  # fmt: skip
    owner, other = young[6], someone(230, "MARTA KOE", "1991-09-09", number)
    kepri.append(crossing(f"{tag}-pair-0", owner, purpose="family"))
    kepri.append(crossing(f"{tag}-pair-1", other, purpose="family", document_number=owner.passport))
    family = [
        crossing(f"{tag}-kin-{n}", p, booking=f"{tag}-BK2", kk="5399990101260001", **tied)
        for n, p in enumerate(young[:3])
    ]
    for row, at in zip(family, ("10", "11", "12"), strict=True):
        row["occurred_at"] = f"2026-03-20T{at}:00:00+07:00"
    workers = [someone(240 + n, name, f"1995-0{1 + n}-21", number) for n, name in enumerate(names[:4])]
    booked = [crossing(f"{tag}-p3mi-{n}", p, booking=f"{tag}-BK3", service_no="MV 1") for n, p in enumerate(workers)]
    registered = [departure(f"{tag}-W{n}", p, place=BATAM) for n, p in enumerate(workers)]
    return {"kepri": [*kepri, *family, *booked], "kaltara": kaltara}, registered


def publish(stack: Stack, directory: Path, tag: str, number: int, chance: random.Random) -> None:
    """Everything in another order and in several files, some of it twice."""
    crossings, registered = seats(tag, number)
    files = [("departures", registered), ("heartbeats", list(heartbeats()))]
    for rows in crossings.values():
        rows = [*rows, *chance.sample(rows, 3)]
        chance.shuffle(rows)
        cut = chance.randint(1, len(rows) - 1)
        files += [("crossings", rows[:cut]), ("crossings", rows[cut:])]
    chance.shuffle(files)
    directory.mkdir()
    for place, (kind, rows) in enumerate(files):
        stack.publish(kind, write(directory / f"{place}-{kind}.csv", kind, rows))


def clusters(stack: Stack, tag: str) -> list[Row]:
    """The groups that name crossings of that tag."""
    rows = stack.run("clusters", "--format", "json").rows
    return [row for row in rows if any(str(event).startswith(f"{tag}-") for event in row["members"])]


def found(rows: list[Row]) -> set[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    return {
        (row["kind"], row["status"], tuple(row["rules"]), tuple(row["suppressed"]), tuple(row["members"]))
        for row in rows
        if row["kind"] != "village"  # tests of one stack share the village that does not exist
    }


def wanted(tag: str) -> set[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    led = tuple(f"{tag}-led-{n}" for n in range(4))
    split = tuple(f"{tag}-split-{n}" for n in range(3))
    pair = (f"{tag}-pair-0", f"{tag}-pair-1")
    kin = tuple(f"{tag}-kin-{n}" for n in range(3))
    return {
        ("booking", "FLAGGED", ("R05", "R07"), (), led),
        ("payer", "FLAGGED", ("R06", "R07"), (), split),
        ("document", "FLAGGED", ("R12",), (), pair),
        ("booking", "OUT_OF_SCOPE", ("R07",), ("R07:household",), kin),
    }


def test_planted_groups_are_found_in_any_order_and_explained(stack: Stack, tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    publish(stack, tmp_path / "grp", "grp", 78, random.Random(seed))
    stack.wait()
    assert_balanced(stack.accounting())
    assert found(clusters(stack, "grp")) == wanted("grp"), f"seed {seed}"
    only = stack.run("clusters", "--format", "json", "--event", "grp-pair-1", "--status", "flagged").rows
    assert [row["rules"] for row in only] == [["R12"]]
    (entry,) = stack.run("explain", "grp-led-1", "--format", "json").rows
    assert "booking" in {cluster["kind"] for cluster in entry["clusters"]}
    text = stack.run("explain", "grp-led-1", "--lang", "en").out
    assert "GROUPS" in text
    assert "one older companion" in " ".join(text.split())
    stack.run("clusters")


def test_a_worker_killed_between_people_and_groups_changes_nothing(tmp_path: Path) -> None:
    with running_stack(tmp_path / "stack") as stack:
        chance = random.Random(5)
        for kind, file in write_all(world("kilw", 76), tmp_path / "world"):
            stack.publish(kind, file)
        publish(stack, tmp_path / "kil", "kil", 77, chance)
        for _ in range(2):
            _kill_matcher(stack)
            time.sleep(chance.random())
        stack.wait()
        assert_balanced(stack.accounting())
        assert found(clusters(stack, "kil")) == wanted("kil")


def _kill_matcher(stack: Stack) -> None:
    """The supervisor brings it up again; one that is coming up already is killed once more."""
    pid = stack.parts()["matcher"]["pid"]
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
