"""A watched folder between its steps: what is taken, where it ends, and what a kill anywhere leaves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from producers.columns import CROSSINGS
from producers.outcome import Publication
from producers.publication import publish_file
from producers.watching import FolderInUse, WatchedFolder
from schemas.identity import LinkageKey

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
GOOD = "checkpoint_id,occurred_at,direction,name\nID-21-BTC,2026-11-03T09:30:00+07:00,out,MARIA SERAN\n"


class Killed(BaseException):
    """Stands for the end of the process."""


class Desk:
    """Publishes dry, and remembers what content it was handed."""

    def __init__(self) -> None:
        self.handed: list[str] = []
        self.away = False

    def __call__(self, path: Path) -> Publication:
        if self.away:
            return Publication(path=path, kind="crossings", dry_run=False, failure="Kafka is away", away=True)
        self.handed.append(path.read_text())
        return publish_file(path, CROSSINGS, province=None, key=KEY, clock=lambda: NOON, publisher=None)


@contextmanager
def held(folder: Path) -> Iterator[WatchedFolder]:
    with WatchedFolder(directory=folder, clock=lambda: NOON).held() as watched:
        yield watched


def drop(folder: Path, name: str, content: str = GOOD) -> Path:
    (folder / "incoming").mkdir(parents=True, exist_ok=True)
    path = folder / "incoming" / name
    path.write_text(content)
    return path


def steps(folder: Path, desk: Desk, count: int = 2) -> list[dict[str, Any]]:
    with held(folder) as watched:
        return [receipt for _ in range(count) for receipt in watched.step(desk)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_taken_when_it_has_stopped_growing(tmp_path: Path) -> None:
    desk, path = Desk(), drop(tmp_path, "a.csv", GOOD[:30])
    with held(tmp_path) as watched:
        assert list(watched.step(desk)) == []
        path.write_text(GOOD)
        assert list(watched.step(desk)) == []
        (receipt,) = watched.step(desk)
    assert (receipt["outcome"], receipt["rows"], receipt["published"]) == ("published", 1, 1)
    assert desk.handed == [GOOD]


@pytest.mark.parametrize("name", ["a.csv.part", ".a.csv", "a.tmp", "A.FILEPART"])
def test_a_file_that_is_still_written_is_left_alone(tmp_path: Path, name: str) -> None:
    desk, path = Desk(), drop(tmp_path, name)
    assert steps(tmp_path, desk, 3) == []
    path.rename(path.with_name("a.csv"))
    assert [one["file"] for one in steps(tmp_path, desk, 3)] == ["a.csv"]


def test_links_and_folders_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(GOOD)
    folder = tmp_path / "folder"
    (folder / "incoming" / "sub").mkdir(parents=True)
    (folder / "incoming" / "link.csv").symlink_to(outside)
    assert steps(folder, Desk(), 3) == []
    assert outside.exists()


def test_everything_about_a_file_lies_together_and_for_its_owner_only(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", GOOD + GOOD.splitlines()[1].replace("out", "up") + "\n")
    drop(tmp_path, "b.csv", "a,b\n1,2\n")
    outcomes = {one["file"]: one["outcome"] for one in steps(tmp_path, Desk())}
    assert outcomes == {"a.csv": "partly", "b.csv": "refused"}
    assert names(tmp_path / "done") == ["a.csv", "a.csv.receipt.json", "a.csv.refused.csv"]
    assert names(tmp_path / "refused") == ["b.csv", "b.csv.receipt.json"]
    for path in (*(tmp_path / "done").iterdir(), *(tmp_path / "refused").iterdir(), tmp_path / "ledger.jsonl"):
        assert path.stat().st_mode & 0o777 == 0o600, path
    for name in ("incoming", "working", "done", "refused"):
        if name != "incoming":  # that one was there
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
    assert (
        "SERAN" not in (tmp_path / "done" / "a.csv.receipt.json").read_text() + (tmp_path / "ledger.jsonl").read_text()
    )


def test_the_same_content_is_published_once_under_any_name_and_nothing_is_written_over(tmp_path: Path) -> None:
    desk = Desk()
    drop(tmp_path, "a.csv")
    steps(tmp_path, desk)
    drop(tmp_path, "a.csv")
    drop(tmp_path, "b.csv")
    assert [one["outcome"] for one in steps(tmp_path, desk)] == ["duplicate", "duplicate"]
    assert desk.handed == [GOOD]
    assert names(tmp_path / "done") == [
        "a-2.csv", "a-2.csv.receipt.json", "a.csv", "a.csv.receipt.json", "b.csv", "b.csv.receipt.json",
    ]  # fmt: skip


def test_what_was_refused_as_a_whole_may_come_again(tmp_path: Path) -> None:
    for _ in range(2):
        drop(tmp_path, "b.csv", "a,b\n1,2\n")
        assert [one["outcome"] for one in steps(tmp_path, Desk())] == ["refused"]


def test_while_kafka_is_away_a_file_waits_and_is_published_when_it_is_back(tmp_path: Path) -> None:
    desk = Desk()
    desk.away = True
    drop(tmp_path, "a.csv")
    drop(tmp_path, "b.csv", GOOD.replace("MARIA", "ANA"))
    with held(tmp_path) as watched:
        assert [one["outcome"] for _ in range(3) for one in watched.step(desk)] == ["waiting", "waiting"]
        desk.away = False
        assert [one["outcome"] for one in watched.step(desk)] == ["published", "published"]
    assert names(tmp_path / "working") == []


def test_one_process_holds_a_folder(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(FolderInUse, match="another process"), held(tmp_path):
        pass


@pytest.mark.parametrize("call", range(1, 40))
def test_a_kill_at_any_call_of_the_system_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The process ends just before, and then just after, its n-th call that changes the disk."""
    for after in (False, True):
        folder = tmp_path / f"{after}"
        drop(folder, "a.csv", GOOD + GOOD.splitlines()[1].replace("out", "up") + "\n")
        drop(folder, "b.csv", GOOD + GOOD.splitlines()[1].replace("out", "up") + "\n")
        desk, done = Desk(), 0

        def ends(work: Any, after: bool = after) -> Any:
            def counted(*arguments: Any, **more: Any) -> Any:
                nonlocal done
                done += 1
                if done == call and not after:
                    raise Killed
                answer = work(*arguments, **more)
                if done == call and after:
                    raise Killed
                return answer

            return counted

        with monkeypatch.context() as patched, suppress(Killed):
            for owner, name in ((Path, "rename"), (Path, "replace"), (Path, "chmod"), (os, "write"), (os, "fsync")):
                patched.setattr(owner, name, ends(getattr(owner, name)))
            steps(folder, desk, 3)
        steps(folder, desk, 3)
        assert names(folder / "incoming") == []
        assert names(folder / "working") == []
        receipts = [json.loads(path.read_text()) for path in (folder / "done").glob("*.receipt.json")]
        assert sorted((one["file"], one["place"]) for one in receipts) == [
            ("a.csv", "done/a.csv"), ("b.csv", "done/b.csv"),
        ]  # fmt: skip
        assert sorted(one["outcome"] for one in receipts) == ["duplicate", "partly"]
        assert len([path for path in (folder / "done").iterdir() if path.name.endswith(".refused.csv")]) == 1
        for path in (folder / "done").glob("*.csv"):
            if not path.name.endswith(".refused.csv"):
                assert path.with_name(path.name + ".receipt.json").exists()


def test_rows_that_a_killed_process_left_half_written_do_not_stay(tmp_path: Path) -> None:
    (tmp_path / "working").mkdir(parents=True)
    (tmp_path / "working" / ".0123456789abcdef--a.csv.refused.csv.x1").write_text("MARIA SERAN")
    steps(tmp_path, Desk())
    assert list((tmp_path / "working").iterdir()) == []


def test_a_cut_line_of_the_ledger_is_passed_over(tmp_path: Path) -> None:
    desk = Desk()
    drop(tmp_path, "a.csv")
    steps(tmp_path, desk)
    with (tmp_path / "ledger.jsonl").open("ab") as ledger:
        ledger.write(b'{"claim": "00", "rece')
    drop(tmp_path, "b.csv", GOOD.replace("MARIA", "ANA"))
    drop(tmp_path, "c.csv")
    assert sorted(one["outcome"] for one in steps(tmp_path, desk)) == ["duplicate", "published"]
    assert len(desk.handed) == 2
    drop(tmp_path, "d.csv", GOOD.replace("MARIA", "ANA"))
    assert [one["outcome"] for one in steps(tmp_path, desk)] == ["duplicate"]
