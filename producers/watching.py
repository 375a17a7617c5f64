"""A folder that operators drop files into: each is published once, and lies afterwards where its fate is told.

The steps and what a kill between any two of them leaves:

    incoming/NAME         until it has stopped growing; then one rename makes it ours
    working/CLAIM--NAME   published from here; after a kill it is published again, and rows that arrive twice count once
    ledger                one line, on disk, says that this claim is done, with its whole receipt
    done/ or refused/     receipt, refused rows and file move here; after a kill the ledger's line finishes it
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from producers.outcome import Publication
from producers.refused_file import refused_path

INCOMING, WORKING, DONE, REFUSED = "incoming", "working", "done", "refused"
LEDGER: Final = "ledger.jsonl"
RECEIPT: Final = ".receipt.json"
UNFINISHED: Final = (".part", ".tmp", ".filepart", ".crdownload", ".swp")
"""What programs call a file that they still write."""
_CLAIM = re.compile(r"([0-9a-f]{16})--(.+)", re.DOTALL)

Clock = Callable[[], datetime]
Publish = Callable[[Path], Publication]


class FolderInUse(Exception):
    """Another process watches the folder, or it cannot be used; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a file looked like; one that looks the same twice is complete."""

    size_bytes: int
    changed_ns: int
    inode: int


@dataclass(slots=True, kw_only=True)
class WatchedFolder:
    """The folder, in the hands of one process."""

    directory: Path
    clock: Clock
    _seen: dict[str, Look] = field(default_factory=dict)
    _counted: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Receipts by content digest."""
    _claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The ledger by claim."""

    @contextmanager
    def held(self) -> Iterator[WatchedFolder]:
        """Hold the folder, made where it is not there, against any other process.

        Raises:
            FolderInUse: another process holds it, or it cannot be written.
        """
        try:
            for name in (INCOMING, WORKING, DONE, REFUSED):
                (self.directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            msg = f"{self.directory} cannot be used ({error.strerror}): check its rights"
            raise FolderInUse(msg) from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                msg = f"{self.directory} is watched by another process already"
                raise FolderInUse(msg) from None
            for left in (self.directory / WORKING).glob(".*"):
                left.unlink()  # refused rows of a process that was killed: they are written anew
            self._read_ledger()
            yield self
        finally:
            os.close(lock)

    def step(self, publish: Publish) -> Iterator[dict[str, Any]]:
        """Take up what is complete and publish it; a receipt for every file that is finished.

        A file that Kafka could not take stays in hand for the next step, and so do those behind it; its receipt says
        `waiting`.
        """
        self._claim_complete()
        for path in sorted((self.directory / WORKING).iterdir(), key=lambda one: one.stat().st_mtime_ns):
            found = _CLAIM.fullmatch(path.name)
            if found and path.is_file() and not path.name.endswith((".refused.csv", RECEIPT)):
                receipt = self._work(path, found[1], found[2], publish)
                yield receipt
                if receipt["outcome"] == "waiting":
                    return  # the others would wait for the same

    def _claim_complete(self) -> None:
        before, self._seen = self._seen, {}
        for path in sorted((self.directory / INCOMING).iterdir()):
            if path.name.startswith(".") or path.name.lower().endswith(UNFINISHED) or path.is_symlink():
                continue
            try:
                told = path.stat()
            except FileNotFoundError:
                continue
            if not path.is_file():
                continue
            look = Look(size_bytes=told.st_size, changed_ns=told.st_mtime_ns, inode=told.st_ino)
            if before.get(path.name) == look:
                path.rename(self.directory / WORKING / f"{secrets.token_hex(8)}--{path.name}")
            else:
                self._seen[path.name] = look

    def _work(self, path: Path, claim: str, name: str, publish: Publish) -> dict[str, Any]:
        receipt = self._claims.get(claim)
        if receipt is None:
            path.chmod(0o600)
            digest = _digest(path)
            first = self._counted.get(digest)
            if first is not None:
                receipt = self._receipt(name, digest, "duplicate")
                receipt["message"] = f"the same content was handed in as {first['file']}: it is counted once"
            else:
                result = publish(path)
                if result.away:
                    return self._receipt(name, digest, "waiting") | {"message": result.failure}
                receipt = self._receipt(name, digest, _outcome(result)) | _told(result)
            # the place stands in the ledger too: after a kill everything goes where some of it may lie already
            home = self.directory / (REFUSED if receipt["outcome"] == "refused" else DONE)
            receipt["place"] = str(_free(home, name).relative_to(self.directory))
            self._enter(claim, receipt)
        self._put_away(path, receipt)
        return receipt

    def _receipt(self, name: str, digest: str, outcome: str) -> dict[str, Any]:
        return {"file": name, "outcome": outcome, "sha256": digest, "finished_at": self.clock().isoformat()}

    # ------------------------------------------------------------------------------------------ what survives a kill

    def _read_ledger(self) -> None:
        try:
            text = (self.directory / LEDGER).read_bytes()
        except FileNotFoundError:
            return
        for line in text.split(b"\n"):
            try:
                entry = json.loads(line)
                self._remember(entry["claim"], entry["receipt"])
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a process that was killed: its file is worked on again

    def _enter(self, claim: str, receipt: dict[str, Any]) -> None:
        line = json.dumps({"claim": claim, "receipt": receipt}).encode()
        file = os.open(self.directory / LEDGER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # begins a line of its own: the one before may have been cut
            os.write(file, b"\n" + line + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        self._remember(claim, receipt)

    def _remember(self, claim: str, receipt: dict[str, Any]) -> None:
        self._claims[claim] = receipt
        if receipt["outcome"] in ("published", "partly"):
            self._counted.setdefault(receipt["sha256"], receipt)

    def _put_away(self, path: Path, receipt: dict[str, Any]) -> None:
        """Everything about a file goes to its place, the file itself last."""
        target = self.directory / receipt["place"]
        rows = refused_path(path)
        if rows.exists():
            rows.replace(refused_path(target))
        _write_whole(target.with_name(target.name + RECEIPT), receipt)
        path.replace(target)
        for folder in (target.parent, path.parent):
            _sync(folder)


def _outcome(result: Publication) -> str:
    return {0: "published", 3: "partly"}.get(result.exit_code, "refused")


def _told(result: Publication) -> dict[str, Any]:
    return {
        "kind": result.kind,
        "rows": result.read,
        "published": result.accepted,
        "refused": {reason.value: count for reason, count in sorted(result.refused.items())},
        "warnings": dict(sorted(result.warnings.items())),
        "message": result.failure,
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _free(home: Path, name: str) -> Path:
    """A place under the file's name, or under a numbered one where that is taken."""
    stem, dot, suffix = name.partition(".")
    target, number = home / name, 1
    while target.exists() or target.with_name(target.name + RECEIPT).exists():
        number += 1
        target = home / f"{stem}-{number}{dot}{suffix}"
    return target


def _write_whole(path: Path, content: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
