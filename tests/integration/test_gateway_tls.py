"""Who reaches a gateway: TLS, certificates of clients, and no plain identities to other machines."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.integration.gatewayed import KEY, running_gateway
from tests.integration.stacked import lintas
from tests.integration.test_gateway import ROW

pytestmark = pytest.mark.loopback

NOWHERE = "127.0.0.1:1"
Key = ec.EllipticCurvePrivateKey


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(folder: Path, text: str, issuer: tuple[str, Key] | None = None) -> Key:
    """A certificate and its key as PEM; of its own authority where no issuer is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = issuer[1] if issuer else key
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name(text))
        .issuer_name(name(issuer[0] if issuer else text))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, SHA256())
    )
    (folder / f"{text}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / f"{text}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def asked(url: str, trust: ssl.SSLContext) -> int:
    port = url.rpartition(":")[2]
    with urllib.request.urlopen(f"https://localhost:{port}/livez", timeout=20, context=trust) as answer:
        status: int = answer.status
        return status


def test_with_an_authority_for_clients_nobody_else_is_let_in(tmp_path: Path) -> None:
    ours, other = certificate(tmp_path, "ours"), certificate(tmp_path, "other")
    for text, issuer in (("gateway", ("ours", ours)), ("post", ("ours", ours)), ("stranger", ("other", other))):
        certificate(tmp_path, text, issuer)
    options = ["--tls-cert", "gateway.pem", "--tls-key", "gateway.key", "--tls-client-ca", "ours.pem"]
    paths = [option if option.startswith("--") else str(tmp_path / option) for option in options]

    def trust(client: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=tmp_path / "ours.pem")
        if client:
            context.load_cert_chain(tmp_path / f"{client}.pem", tmp_path / f"{client}.key")
        return context

    with running_gateway(tmp_path / "g", NOWHERE, *paths) as gateway:
        assert gateway.url.startswith("https://")
        assert asked(gateway.url, trust("post")) == 200
        for stranger in (None, "stranger"):
            with pytest.raises(OSError, match=r"(?i)ssl|reset|closed|broken"):
                asked(gateway.url, trust(stranger))


def test_other_machines_are_not_served_in_plain_unless_a_proxy_is_said_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "linkage.key").write_text(KEY.to_text())
    env = {"LINTAS_KAFKA": NOWHERE, "LINTAS_KEY_FILE": str(tmp_path / "linkage.key")}
    arguments = ("gateway", "--host", "0.0.0.0", "--port", "0", "--dir", tmp_path)
    told = lintas(*arguments, env=env)
    assert told.code == 1
    assert "--plain-http" in told.err
    told = lintas(
        "gateway", "--tls-cert", tmp_path / "none", "--tls-key", tmp_path / "none", "--dir", tmp_path, env=env
    )
    assert (told.code, "PEM" in told.err, "Traceback" in told.err) == (1, True, False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = lintas("gateway", "--port", str(taken.getsockname()[1]), "--dir", tmp_path, env=env)
    assert (told.code, "choose another --port" in told.err) == (1, True)


def test_without_a_broker_a_gateway_starts_is_not_ready_and_checks_rows(tmp_path: Path) -> None:
    with running_gateway(tmp_path / "g", NOWHERE) as gateway:
        key = gateway.key("--province", "kepri")
        assert (gateway.ask("/livez").status, gateway.ask("/readyz").status) == (200, 503)
        row = json.dumps(ROW).encode()
        assert gateway.ask("/v1/crossings?dry_run=true", row, key=key).status == 200
        away = gateway.ask("/v1/crossings", row, key=key)
        assert (away.status, away.json["code"]) == (503, "kafka_away")
        assert gateway.ask("/v1/receipts", key=key).json["code"] == "no_store"
