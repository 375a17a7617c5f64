"""Receipts as lines of JSON, and a day's total that the centre signs and a province can check by itself."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lintas.failing import Failure

if TYPE_CHECKING:
    from clickhouse_driver import Client
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from sinks.receipts import Day

TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A day's total whose signature and receipts fit."""

    total: Mapping[str, Any]
    receipts: int


def day_lines(client: Client, day: Day, made_at: datetime, signer: Ed25519PrivateKey | None) -> Iterator[str]:
    """The receipts of a day, one a line, and its total as the last line; signed where there is a key."""
    from sinks.receipts import Tally, receipts_of_day

    tally, digest = Tally(), hashlib.sha256()
    for receipt in receipts_of_day(client, day):
        tally.add(receipt)
        line = _canonical({"kind": "receipt", **receipt})
        digest.update(line.encode() + b"\n")
        yield line
    total: dict[str, Any] = {
        "kind": TOTAL,
        "province": day.province.value,
        "day": day.day.isoformat(),
        "since": day.since.isoformat(),
        "until": day.until.isoformat(),
        **tally.shown(),
        "receipts_sha256": digest.hexdigest(),
        "made_at": made_at.isoformat(timespec="seconds"),
    }
    yield _canonical(total if signer is None else _signed(total, signer))


def event_lines(receipts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The receipts of one event, one a line."""
    for receipt in receipts:
        yield _canonical({"kind": "receipt", **receipt})


def verify(lines: Iterable[str], public: Ed25519PublicKey) -> Verified:
    """Check what `day_lines` wrote, against the centre's public key.

    Raises:
        Failure: something was changed, added or taken away, or another key signed; says what does not fit.
    """
    digest, count, total = hashlib.sha256(), 0, None
    for line in lines:
        text = line.strip()
        if not text:
            continue
        if total is not None:
            raise Failure(_UNFIT.format("there are lines behind the total"))
        found = _object(text)
        if found.get("kind") == TOTAL:
            total = found
        else:
            count += 1
            digest.update(text.encode() + b"\n")
    if total is None or not isinstance(total.get("signature"), str):
        raise Failure(_UNFIT.format("there is no signed total in it"))
    _check_signature(total, public)
    if total.get("receipts_sha256") != digest.hexdigest() or total.get("published") != count:
        raise Failure(_UNFIT.format("the receipts are not those that were signed"))
    return Verified(total=total, receipts=count)


_UNFIT = "the receipts are not valid: {}. Ask for them again with `lintas receipts`"


def signing_key(path: Path) -> tuple[Ed25519PrivateKey, bool]:
    """The centre's signing key, made with its public half (`.pub`) where there is none; True if it was made now.

    Raises:
        Failure: it cannot be read or written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if path.exists():
        return read_signing_key(path), False
    key = Ed25519PrivateKey.generate()
    with _naming(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_private_pem(key))
        public_path(path).write_bytes(_public_pem(key))
    return key, True


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the signing key.

    Raises:
        Failure: it is not there, or is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    with _naming(path):
        key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Failure(_NO_KEY.format(path))
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read the public half.

    Raises:
        Failure: it is not there, or is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    with _naming(path):
        key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise Failure(_NO_KEY.format(path))
    return key


def public_path(path: Path) -> Path:
    """Where the public half of a signing key lies."""
    return path.with_name(f"{path.name}.pub")


_NO_KEY = "{} is no Ed25519 key in PEM: `lintas receipts` makes one, and FILE.pub beside it"


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns what reading or writing a key raises into a failure that names the file."""
    try:
        yield
    except OSError as error:
        msg = f"the key {path} cannot be used ({error.strerror})"
        raise Failure(msg) from None
    except (ValueError, TypeError):
        raise Failure(_NO_KEY.format(path)) from None


def _signed(total: dict[str, Any], signer: Ed25519PrivateKey) -> dict[str, Any]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    named = total | {"signed_by": f"ed25519:{hashlib.sha256(raw).hexdigest()[:16]}"}
    return named | {"signature": base64.b64encode(signer.sign(_canonical(named).encode())).decode()}


def _check_signature(total: Mapping[str, Any], public: Ed25519PublicKey) -> None:
    from cryptography.exceptions import InvalidSignature

    told = {name: value for name, value in total.items() if name != "signature"}
    try:
        public.verify(base64.b64decode(total["signature"], validate=True), _canonical(told).encode())
    except (InvalidSignature, ValueError):
        raise Failure(_UNFIT.format("the signature does not fit the total and this public key")) from None


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failure(_UNFIT.format("a line is no JSON object"))
    return found


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_pem(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
