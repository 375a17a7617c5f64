"""The linkage key: made by whoever keeps it, read by whoever publishes; its secret appears nowhere else."""

from __future__ import annotations

import os
import resource
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from lintas.failing import Failure
from schemas.identity import KeyFileError, LinkageKey

SECRET_BYTES = 32
LOCAL_KID = "local"


def ensure_key(path: Path) -> bool:
    """Make the key file if there is none, for its owner's eyes only; True if it was made now.

    Raises:
        Failure: the directory cannot be written.
    """
    return not path.exists() and new_key(path, LOCAL_KID)


def new_key(path: Path, kid: str) -> bool:
    """Make a key file of that id, for its owner's eyes only; False = there is a file already, which stays.

    Raises:
        Failure: the directory cannot be written.
        KeyFileError: the id cannot be one.
    """
    text = LinkageKey(kid, secrets.token_bytes(SECRET_BYTES)).to_text()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        msg = f"the linkage key {path} cannot be written ({error.strerror}): check the rights of the directory"
        raise Failure(msg) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return True


def read_key(path: Path) -> LinkageKey:
    """Read the key.

    Raises:
        Failure: there is none, it cannot be read, or it is not a key file.
    """
    try:
        return LinkageKey.from_text(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = (
            f"there is no linkage key at {path}: name the one that the provinces agreed on in LINTAS_KEY_FILE, "
            "or let `lintas up` make one for a local stack"
        )
        raise Failure(msg) from None
    except OSError as error:
        msg = f"the linkage key {path} cannot be read ({error.strerror})"
        raise Failure(msg) from None
    except (KeyFileError, UnicodeDecodeError) as error:
        why = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        msg = f"the linkage key {path} cannot be used: {why}"
        raise Failure(msg) from None


def read_keys(paths: Sequence[Path]) -> tuple[LinkageKey, ...]:
    """Read the key, and those that registrations are published under besides.

    From here on the process leaves no core file: its memory holds the secret, and the row in hand.

    Raises:
        Failure: see `read_key`; or two files have the same id.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    keys = tuple(read_key(path) for path in paths)
    if len({key.kid for key in keys}) < len(keys):
        msg = "two files of LINTAS_KEY_FILE have the same key id: a new key needs an id of its own"
        raise Failure(msg)
    return keys


def fingerprint(key: LinkageKey) -> str:
    """What two holders of a key compare by telephone; it says nothing about the secret."""
    digits = key.mac(b"fingerprint").hex()[:16]
    return "-".join(digits[i : i + 4] for i in range(0, 16, 4))


def is_private(path: Path) -> bool:
    """May nobody but its owner read the file?"""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
