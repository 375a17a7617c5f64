"""Who may log in to the local ClickHouse server: names, hashed passwords, and who may only read."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lintas.clickhouse.errors import StartError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOBODY = "-" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One login; `readonly` is ClickHouse's setting: 0 all, 1 read, 2 read and change settings."""

    name: str
    sha256: str
    readonly: int = 0

    @classmethod
    def with_password(cls, name: str, password: str, *, readonly: int = 0) -> User:
        """Make a user; only the hash of the password is kept."""
        return cls(name=name, sha256=hashlib.sha256(password.encode()).hexdigest(), readonly=readonly)


def authenticate(users: Mapping[str, User], name: str, password: bytes) -> User | None:
    """Find the user with this password, in the same time whatever is wrong."""
    user = users.get(name)
    given = hashlib.sha256(password).hexdigest()
    return user if hmac.compare_digest(given, user.sha256 if user else _NOBODY) else None


def read_users(file: Path) -> dict[str, User]:
    """Read a users file: JSON, `{"name": {"sha256": hex of the password, "readonly": 0, 1 or 2}}`.

    Raises:
        StartError: if the file cannot be read or is not of that form.
    """
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read the users file {file}: {error.strerror}"
        raise StartError(message) from None
    except ValueError:
        message = f"the users file {file} is not JSON"
        raise StartError(message) from None
    if not isinstance(entries, dict) or not entries:
        message = f"the users file {file} names no user: write {{name: {{sha256: hex, readonly: 0|1|2}}}}"
        raise StartError(message)
    return {name: _user(file, name, entry) for name, entry in entries.items()}


def _user(file: Path, name: str, entry: object) -> User:
    sha256 = entry.get("sha256") if isinstance(entry, dict) else None
    readonly = entry.get("readonly", 0) if isinstance(entry, dict) else None
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256) or readonly not in (0, 1, 2):
        message = f"the users file {file}: user {name} needs sha256 (64 hex digits) and readonly 0, 1 or 2"
        raise StartError(message)
    return User(name=name, sha256=sha256, readonly=int(readonly))


def write_users(file: Path, users: Iterable[User]) -> None:
    """Write a users file that only its owner can read."""
    entries = {user.name: {"sha256": user.sha256, "readonly": user.readonly} for user in users}
    file.touch(mode=0o600)
    file.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
