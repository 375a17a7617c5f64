"""Opens the rows that a checkpoint's form has sealed for this gateway: on the device nobody can read what waits.

ECDH on P-256 with a key made for one row, HKDF-SHA256, AES-256-GCM; web/sealing.js seals. The private half lies with
the gateway: keep it until every device has sent what it holds.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from producers.gateway.answers import Refusal

INFO = b"lintas form row v1"


class SealingKey:
    """The gateway's own pair of keys for its form.

    Args:
        path: is made where it is not there, for its owner's eyes only.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it holds no such key.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            msg = "not a key on P-256"
            raise ValueError(msg)
        self._key = key

    @property
    def public(self) -> str:
        """What a form seals for: the uncompressed point in base64."""
        raw = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.b64encode(raw).decode()

    def open(self, body: bytes) -> bytes:
        """The row that was sealed.

        Raises:
            Refusal: it was sealed for another gateway, or is damaged.
        """
        try:
            parts = json.loads(body)
            sender, iv, box = (base64.b64decode(parts[name], validate=True) for name in ("sender", "iv", "box"))
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
            shared = self._key.exchange(ec.ECDH(), point)
            key = HKDF(algorithm=SHA256(), length=32, salt=None, info=INFO).derive(shared)
            return AESGCM(key).decrypt(iv, box, sender)
        except (InvalidTag, ValueError, TypeError, KeyError, RecursionError):
            detail = "the row was sealed for another gateway, or is damaged"
            raise Refusal(400, "cannot_open", detail, "enter the traveller again") from None


def _make(path: Path) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
