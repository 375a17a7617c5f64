"""Who may publish through the gateway: keys kept as hashes in a file, each bound to one owner and its checkpoints.

KeyFileBroken       the file cannot be read or is damaged; whoever starts the gateway mends it
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from producers.columns import CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS, FileKind
from schemas.topics import REGISTRY, SISAGA
from schemas.vocabulary import Province

PREFIX = "lintas"
ID_BYTES, SECRET_BYTES = 6, 32
OWNERS = (*(province.value for province in Province), REGISTRY, SISAGA)


class KeyFileBroken(Exception):
    """The keys cannot be read; the text says where and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What the gateway keeps of a key: all but its secret."""

    id: str
    owner: str
    """A province, `registry` or `sisaga`: who writes which topics is in schemas/topics.py."""
    checkpoints: tuple[str, ...] = ()
    """Of the province; empty = all of them."""
    note: str = ""
    digest: str
    """SHA-256 of the secret: it has 256 random bits, so nothing slower would make it harder to guess."""

    @property
    def province(self) -> Province | None:
        """Whose crossings it publishes; None = it is a registry's or SI-SAGA's."""
        return Province(self.owner) if self.owner in set(Province) else None

    def may_publish(self, kind: FileKind) -> bool:
        """Whether rows of this kind are the owner's to write."""
        if self.owner == SISAGA:
            return kind is REPORTS
        if self.owner == REGISTRY:
            return kind in (DEPARTURES, HEARTBEATS)
        return kind is CROSSINGS


def new_key(owner: str, checkpoints: Iterable[str], note: str) -> tuple[ApiKey, str]:
    """A key, and the text that its bearer presents; the text exists only here."""
    name, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey(id=name, owner=owner, checkpoints=tuple(sorted(checkpoints)), note=note, digest=_digest(secret))
    return key, f"{PREFIX}.{name}.{secret}"


class KeyRing:
    """The keys of a file; a key that is added or revoked counts at once, without a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}

    def find(self, presented: str) -> ApiKey | None:
        """The key that a request presents; None = it is none of ours.

        Raises:
            KeyFileBroken: the file is damaged: nobody is let in.
        """
        prefix, _, rest = presented.partition(".")
        name, _, secret = rest.partition(".")
        key = self.keys().get(name)
        # a digest is compared also for an unknown id, so that the time tells nothing
        expected = key.digest if key else _digest("")
        fits = hmac.compare_digest(_digest(secret), expected)
        return key if key and fits and prefix == PREFIX else None

    def keys(self) -> dict[str, ApiKey]:
        """All of them by id; none where there is no file.

        Raises:
            KeyFileBroken: the file cannot be read.
        """
        with self._lock:
            try:
                stat = self._path.stat()
                seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if seen != self._seen:
                    self._keys, self._seen = _read(self._path), seen
            except FileNotFoundError:
                self._keys, self._seen = {}, None
            except OSError as error:
                msg = f"the API keys {self._path} cannot be read ({error.strerror}): check the rights of the file"
                raise KeyFileBroken(msg) from None
            return dict(self._keys)

    def add(self, key: ApiKey) -> None:
        """Write one more."""
        self._write([*self.keys().values(), key])

    def revoke(self, name: str) -> bool:
        """Remove one; False = there is none of that id."""
        keys = self.keys()
        found = keys.pop(name, None)
        if found is not None:
            self._write(keys.values())
        return found is not None

    def _write(self, keys: Iterable[ApiKey]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp gives mode 0600
        number, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump({"keys": [asdict(key) for key in keys]}, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="backslashreplace")).hexdigest()


def _read(path: Path) -> dict[str, ApiKey]:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        keys = [ApiKey(**{**one, "checkpoints": tuple(one["checkpoints"])}) for one in found["keys"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        msg = f"the API keys {path} are damaged: restore the file, or remove it and make new keys"
        raise KeyFileBroken(msg) from None
    if not all(key.owner in OWNERS for key in keys):
        msg = f"the API keys {path} name an owner that is none of {', '.join(OWNERS)}"
        raise KeyFileBroken(msg)
    return {key.id: key for key in keys}
