"""Every way to publish ends in the same records, refusals and accounting."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from schemas.identity.mrz import write_td3
from schemas.vocabulary import Sex
from tests.integration.known import BATAM, write
from tests.integration.stacked import (
    Stack,
    assert_balanced,
    clean_environment,
    difference,
    lintas,
    running_stack,
)
from tests.unit.edifact_lists import interchange, message, person, written

pytestmark = pytest.mark.stack

KEY_IDS = "local,2027-a"
JETTY = ("--checkpoint", "ID-65-NNT", "--direction", "out")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose matcher knows two keys and no other."""
    with running_stack(tmp_path_factory.mktemp("ways") / "s", LINTAS_KEY_IDS=KEY_IDS) as running:
        yield running


def gained(stack: Stack, before: dict[str, dict[str, object]]) -> dict[str, dict[str, int]]:
    stack.wait()
    after = stack.accounting()
    assert_balanced(after)
    return difference(before, after)


def paxlst(people: int, start: int = 0, bad: int = 0) -> bytes:
    """A list of so many people, the first `bad` of whom cannot have been born."""
    named = [
        person(f"SERAN:{chr(65 + i % 26)}{chr(65 + i // 26 % 26)}", number=f"X{9000000 + start + i}",
               born="981345" if i < bad else "980517")
        for i in range(people)
    ]  # fmt: skip
    return written(interchange(message(named)))


def test_a_passenger_list_is_published_and_every_person_is_accounted_for(stack: Stack, tmp_path: Path) -> None:
    before = stack.accounting()
    (tmp_path / "list.edi").write_bytes(paxlst(25, bad=2))
    told = stack.publish("crossings", tmp_path / "list.edi", expect=3)
    assert "23 of 25 rows published" in told.out
    assert "refused 2 bad_date" in told.out
    assert gained(stack, before) == {"kaltara": {"published": 25, "assessed": 23, "rejected": 2, "duplicate": 0}}
    stack.publish("crossings", tmp_path / "list.edi", expect=3)
    assert gained(stack, before)["kaltara"]["assessed"] == 23


def test_a_list_of_any_other_form_is_published_through_a_mapping(stack: Stack, tmp_path: Path) -> None:
    before = stack.accounting()
    rows = ["No;Nama Penumpang;L/P;Tgl Lahir;No Paspor;Tgl Berangkat;Jam"]
    rows += [f"{i};MARIA SERAN {chr(65 + i)};Pr;17/05/199{i};X77{i}0000;03/11/2026;09:3{i}" for i in range(5)]
    list_, mapping = tmp_path / "manifes.csv", tmp_path / "mapping.yaml"
    list_.write_bytes("\r\n".join(rows).encode("cp1252"))
    told = lintas("map", list_, "-o", mapping)
    assert told.code == 0, told.err
    assert "SERAN" not in told.err + told.out
    assert mapping.stat().st_mode & 0o777 == 0o600
    refused = lintas("publish", "crossings", list_, "--mapping", mapping, "--dry-run", "--dir", stack.directory)
    assert refused.code == 2
    assert "checkpoint_id" in refused.err
    text = (
        mapping.read_text().replace("  # checkpoint_id: ", "  checkpoint_id: ").replace("  # direction", "  direction")
    )
    mapping.write_text(text)
    stack.publish("crossings", list_, "--mapping", mapping)
    assert gained(stack, before) == {"kaltara": {"published": 5, "assessed": 5, "rejected": 0, "duplicate": 0}}


def watching(stack: Stack, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    arguments = ("watch", str(folder), "--settle", "0.2", *options, "--dir", str(stack.directory))
    return subprocess.Popen(
        [sys.executable, "-m", "lintas", *arguments], env=clean_environment({}), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_watched_folder_that_is_killed_again_and_again_loses_nothing_and_counts_nothing_twice(
    stack: Stack, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    before, folder = stack.accounting(), tmp_path / "folder"
    (folder / "incoming").mkdir(parents=True)
    for number in range(6):
        (folder / "incoming" / f"list{number}.edi").write_bytes(paxlst(200, start=1000 * (number + 1)))
    (folder / "incoming" / "again.edi").write_bytes(paxlst(200, start=1000))
    (folder / "incoming" / "late.edi.part").write_bytes(b"UNA")
    for _ in range(6):
        process = watching(stack, folder)
        time.sleep(chance.uniform(0.8, 3.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    stack.run("watch", folder, "--settle", "0.2", "--once")
    assert [path.name for path in (folder / "incoming").iterdir()] == ["late.edi.part"], seed
    assert list((folder / "working").iterdir()) == [], seed
    receipts = [json.loads(path.read_text()) for path in (folder / "done").glob("*.receipt.json")]
    assert sorted(one["outcome"] for one in receipts) == ["duplicate", *["published"] * 6], seed
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (folder / "done").iterdir())
    assert gained(stack, before)["kaltara"]["assessed"] == 1200, seed


def test_a_file_of_which_nothing_can_be_published_goes_to_refused_with_its_receipt(
    stack: Stack, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    (folder / "incoming").mkdir(parents=True)
    (folder / "incoming" / "other.csv").write_text("a,b\n1,2\n")
    (folder / "incoming" / "half.edi").write_bytes(paxlst(3, start=90_000, bad=1))
    told = stack.run("watch", folder, "--settle", "0.2", "--once", expect=3)
    assert "half.edi: partly 2 of 3 rows" in told.out
    receipt = json.loads((folder / "refused" / "other.csv.receipt.json").read_text())
    assert "checkpoint_id" in receipt["message"]
    half = json.loads((folder / "done" / "half.edi.receipt.json").read_text())
    assert half["refused"] == {"bad_date": 1}
    assert (folder / "done" / "half.edi.refused.csv").exists()


def zone(number: str, name: str = "MARIA") -> str:
    return write_td3(
        number=number, surname="SERAN", given_names=name, birth_date=date(1998, 5, 17), sex=Sex.F,
        expires_on=date(2035, 1, 1),
    )  # fmt: skip


def test_a_reader_publishes_each_document_at_once_and_says_what_it_mended(stack: Stack) -> None:
    before = stack.accounting()
    sound, mended, wrong = zone("X5550001"), zone("X5550002"), zone("X5550003")
    lines = mended.split("\n")
    mended = f"{lines[0]}\n{lines[1].replace('980517', '9B0517')}"
    told = stack.run(
        "scan",
        *JETTY,
        "--device",
        "gate-1",
        expect=3,
        given="\r".join(
            [sound, sound, mended, wrong[:-1] + "0" if wrong[-1] != "0" else wrong[:-1] + "1", ""]
        ).encode(),
    )
    said = told.out.splitlines()
    assert [line.split()[1].rstrip(",:") for line in said] == ["published", "again", "published", "refused"]
    assert "mrz_repaired" in said[2]
    assert "bad_mrz" in said[3]
    assert told.code == 3
    assert gained(stack, before) == {"kaltara": {"published": 3, "assessed": 2, "rejected": 1, "duplicate": 0}}
    with stack.tables() as client:
        qualities = client.execute("SELECT identity_quality FROM crossings WHERE device_id = 'gate-1'")
    assert sorted("mrz_repaired" in one for (one,) in qualities) == [False, True]


def registration(identifier: str, passport: str) -> dict[str, object]:
    return {
        "departure_id": identifier, "event": "registered", "source": "BP3MI", "name": "GAUDENSIA LAKA",
        "birth_date": "1990-03-04", "passport": passport, "planned_date": "2026-03-02",
        "destination_country": "MY", "issued_at": "2026-02-02T10:00:00+08:00",
    }  # fmt: skip


def crossing(identifier: str, passport: str) -> dict[str, object]:
    return {
        "event_id": identifier, "checkpoint_id": BATAM, "occurred_at": "2026-03-02T09:30:00+07:00",
        "direction": "out", "name": "GAUDENSIA LAKA", "birth_date": "1990-03-04", "document_number": passport,
        "nationality": "IDN", "purpose": "work", "destination_country": "MY",
    }  # fmt: skip


def test_while_keys_change_a_registered_person_is_met_under_either_and_a_stranger_to_both_is_refused(
    stack: Stack, tmp_path: Path
) -> None:
    old, new, foreign = stack.directory / "keys" / "linkage.key", tmp_path / "new.key", tmp_path / "foreign.key"
    assert lintas("key", "new", new, "--id", "2027-a").code == 0
    assert lintas("key", "new", foreign, "--id", "elsewhere").code == 0
    registered = write(tmp_path / "d.csv", "departures", [registration("KEYS-1", "X6660001")])
    both = {"LINTAS_KEY_FILE": f"{old},{new}"}
    assert lintas("publish", "departures", registered, "--dir", stack.directory, env=both).code == 0
    for name, key in (("old", old), ("new", new), ("foreign", foreign)):
        file = write(tmp_path / f"{name}.csv", "crossings", [crossing(f"key-{name}", "X6660001")])
        told = lintas("publish", "crossings", file, "--dir", stack.directory, env={"LINTAS_KEY_FILE": str(key)})
        assert told.code == 0, told.err
    stack.wait()
    found = stack.flags("key-")
    assert {name: (row["status"], row["departure_id"], row["tier"]) for name, row in found.items()} == {
        "key-old": ("MATCHED", "KEYS-1", "passport"),
        "key-new": ("MATCHED", "KEYS-1", "passport"),
    }
    refused = [row for row in stack.run("rejected", "--format", "json").rows if row["reason"] == "unknown_key_id"]
    assert len(refused) == 1
    assert_balanced(stack.accounting())


def test_no_way_says_whom_it_published(stack: Stack) -> None:
    for told in stack.said:
        assert "SERAN" not in told.out + told.err, told.arguments
    for path in (stack.directory / "log").iterdir():
        assert b"SERAN" not in path.read_bytes(), path
