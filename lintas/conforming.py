"""A partner's self-test: does a file, or a connection to a gateway, do what the contract says, claim by claim."""

from __future__ import annotations

import json
import secrets
import ssl
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.records import TransitEvent

if TYPE_CHECKING:
    from producers.columns import FileKind
    from producers.rows import Row, Unreadable

Clock = Callable[[], datetime]
PATIENCE_SECONDS = 30.0
CLOCKS_WITHIN = timedelta(seconds=60)
NOBODY = "PRATAMA CONTOH"
"""Of the made-up traveller; no answer may repeat it."""
NIK = "5399992911619471"
"""In a kecamatan that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One claim, and what became of it."""

    claim: str
    why_not: str = ""

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return not self.why_not


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What has to be known of all rows together."""

    ids: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))


def check_file(path: Path, kind: FileKind, clock: Clock) -> Iterator[Check]:
    """Read every row as it would be published, under a key that nobody has: nothing is sent, no key is needed.

    Raises:
        UnreadableFile: the file as a whole cannot be read.
    """
    from producers.opening import open_table
    from schemas.identity import LinkageKey

    key, seen = LinkageKey("conformance", secrets.token_bytes(32)), _Seen()
    with open_table(path, kind) as table:
        for found in table.rows:
            yield Check(claim=f"line {found.line}", why_not=_why_not(found, kind, key, seen, clock))
    for device, numbers in seen.numbers.items():
        missing = max(numbers) - min(numbers) + 1 - len(numbers)
        told = f"{missing} numbers between {min(numbers)} and {max(numbers)} are missing: send those rows too"
        yield Check(claim=f"device {device!r} counts without a gap", why_not=told if missing else "")


def _why_not(found: Row | Unreadable, kind: FileKind, key: Any, seen: _Seen, clock: Clock) -> str:
    from producers.reading import read_messages
    from producers.rows import Unreadable
    from schemas.errors import RecordRejected

    try:
        if isinstance(found, Unreadable):
            raise found.refusal
        messages, warnings = read_messages(found, kind, province=None, keys=(key,))
    except RecordRejected as refusal:
        return str(refusal)
    record = messages[0].record
    if isinstance(record, TransitEvent):
        before = seen.ids.setdefault(record.event_id, found.line)
        if before != found.line:
            return f"event_id: is that of line {before} too: give each crossing an id of its own"
        if record.occurred_at > clock() + CLOCKS_WITHIN:
            return "occurred_at: lies in the future: set the clock of the device"
        if record.device_id is not None and record.sequence is not None:
            numbered = seen.numbers[record.device_id].setdefault(record.sequence, found.line)
            if numbered != found.line:
                return f"sequence: is that of line {numbered} too: count up for every crossing of a device"
    unknown = [one.partition(":")[2] for one in warnings if one.startswith("unknown_word:")]
    return f"{', '.join(unknown)}: not one of the documented words, read as `other`" if unknown else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    body: bytes
    date: str

    @property
    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def codes(self) -> list[str]:
        return [one.get("code", one.get("status", "")) for one in self.json.get("results", [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A gateway as a partner's system sees it; everything is a dry run, nothing is published.

    Attributes:
        url: without a path.
        key: what the gateway's operator has given.
        checkpoint: one that the key covers.
        tls: whom to trust.
    """

    url: str
    key: str = field(repr=False)
    checkpoint: str
    tls: ssl.SSLContext

    def check(self, clock: Clock) -> Iterator[Check]:
        """Ask what a system has to get right, and what the gateway promises.

        Raises:
            OSError: nobody answers.
        """
        now = clock()
        row = {
            "event_id": f"conformance-{secrets.token_hex(4)}", "checkpoint_id": self.checkpoint, "direction": "out",
            "occurred_at": (now - timedelta(minutes=1)).isoformat(timespec="seconds"), "name": NOBODY,
            "birth_date": "1998-05-17",
        }  # fmt: skip
        ready = self._ask("/readyz")
        yield _told("the gateway can take rows", ready.status == 200, f"/readyz says {ready.status}: ask its operator")
        skew = now - parsedate_to_datetime(ready.date) if ready.date else timedelta()
        yield _told(
            "this machine's clock is right",
            abs(skew) <= CLOCKS_WITHIN,
            f"it differs by {skew.total_seconds():.0f} s from the gateway's: set it",
        )
        bare = self._post(row, key="")
        yield _told("without a key nobody is let in", bare.status == 401, f"the answer is {bare.status}")
        good = self._post(row)
        why = (
            f"the answer is {good.status} {good.json.get('code') or good.codes}: is it the right --checkpoint and key?"
        )
        yield _told("a crossing is taken", (good.status, good.codes) == (200, ["checked"]), why)
        naive = self._post(row | {"occurred_at": "2026-11-03T09:30:00"})
        told = (naive.status, naive.codes) == (422, ["naive_time"])
        yield _told("a time without an offset is refused as naive_time", told, f"the answer is {naive.status}")
        several = self._post([row, 17, row | {"direction": "up"}])
        told = (several.status, several.codes) == (207, ["checked", "not_an_object", "unknown_value"])
        yield _told("each row of several is answered by itself", told, f"the answer is {several.status}")
        lines = "\n".join(json.dumps(row | {"sequence": n}) for n in range(3)).encode()
        stream = self._ask("/v1/crossings?dry_run=true", lines, self.key, "application/x-ndjson")
        yield _told("NDJSON is taken", stream.codes == ["checked"] * 3, f"the answer is {stream.status}")
        broken = self._ask("/v1/crossings?dry_run=true", b'{"name": ', self.key)
        yield _told("a broken body is refused as a whole", broken.status == 400, f"the answer is {broken.status}")
        raw = self._post(row | {"event_id": f"E-{NIK}", "nik": NIK})
        yield _told("an identity in an id is refused", raw.codes == ["raw_identity"], f"the answer is {raw.codes}")
        repeats = any(
            word.encode() in one.body for one in (good, naive, several, broken, raw) for word in (NOBODY, NIK)
        )
        yield _told("no answer repeats an identity", not repeats, "one does: tell the gateway's operator")

    def _post(self, rows: object, key: str | None = None) -> _Reply:
        return self._ask("/v1/crossings?dry_run=true", json.dumps(rows).encode(), self.key if key is None else key)

    def _ask(self, path: str, body: bytes | None = None, key: str = "", kind: str = "application/json") -> _Reply:
        heads = {"Content-Type": kind} | ({"Authorization": f"Bearer {key}"} if key else {})
        request = urllib.request.Request(f"{self.url}{path}", data=body, headers=heads)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS, context=self.tls) as answer:
                return _Reply(status=answer.status, body=answer.read(), date=answer.headers.get("date", ""))
        except urllib.error.HTTPError as error:
            with error:
                return _Reply(status=error.code, body=error.read(), date=error.headers.get("date", ""))


def _told(claim: str, holds: bool, why_not: str) -> Check:
    return Check(claim=claim, why_not="" if holds else why_not)
