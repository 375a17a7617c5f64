"""Runs one gateway until a signal ends it: its listener, its thread to Kafka, its health and its log."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from producers.forwarding import Forwarder
from producers.gateway.api_keys import ApiKey, KeyRing
from producers.gateway.app import Door, Receipts, make_app
from producers.gateway.courier import Courier
from producers.gateway.handling import Handler
from producers.gateway.limits import Limits
from producers.gateway.metrics import Meters
from producers.gateway.remembering import Memory
from producers.gateway.sealing import SealingKey
from producers.gateway.taking import Clock
from producers.outbox import Outbox, OutboxFailed
from producers.publisher import Publisher
from schemas.identity import LinkageKey
from schemas.topics import DEPARTURES, REGISTRY, REPORTS, SISAGA, rejected_topic, transit_topic
from schemas.vitals import Address, VitalsServer

ACKNOWLEDGED_WITHIN_SECONDS = 10.0
"""Longer than a broker needs to elect a leader; a client waits so long at most before it hears 503."""
CONNECTED_WITHIN_SECONDS = 2.0
STANDSTILL_SECONDS = 60.0
LEAVE_SECONDS = 20
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

log = structlog.get_logger("producers.gateway")


class CannotServe(Exception):
    """The gateway cannot start as it was told; the text says why and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The gateway's certificate, and whose certificates its clients must show."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    """Clients without a certificate of this authority are not let in; None = they need none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a gateway has to be told."""

    kafka: tuple[str, ...]
    key: LinkageKey
    also: tuple[LinkageKey, ...]
    """The key that is being changed, until it is no longer used."""
    keys_file: Path
    state: Path
    """Directory for the answers that are remembered."""
    host: str
    port: int
    plain_http: bool
    """Serve other machines without TLS: only behind a proxy that has it."""
    tls: Tls | None
    outbox: Path | None
    """Store there first, and send when the line is up; None = acknowledge what Kafka has."""
    device: str | None
    metrics: Address | None
    limits: Limits


def serve(setting: Setting, clock: Clock, receipts: Receipts | None, *, say: Callable[[str], object]) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        CannotServe: the settings are unsafe, or the address cannot be listened on.
    """
    _check(setting)
    listener = _listen(setting)
    ring, meters = KeyRing(setting.keys_file), Meters()
    sealing = _sealing_key(setting.state / "sealing.pem")
    carrier = _carrier(setting, ring, clock)
    memory = Memory(setting.state / "answers.sqlite", setting.key, clock)
    handler = Handler(
        key=setting.key,
        also=setting.also,
        clock=clock,
        carrier=carrier,
        memory=memory,
        limits=setting.limits,
        meters=meters,
    )
    door = Door(
        ring=ring,
        handler=handler,
        sealing=sealing,
        receipts=receipts,
        live=lambda: carrier.live(time.monotonic(), STANDSTILL_SECONDS),
        ready=carrier.ready,
    )
    vitals = _vitals(setting.metrics, door)
    server = uvicorn.Server(_config(setting, door))
    say(f"listening on {_address(listener, setting)}")
    try:
        server.run(sockets=[listener])
    finally:
        carrier.close()
        memory.close()
        listener.close()
        if vitals is not None:
            vitals.close()


def _sealing_key(path: Path) -> SealingKey:
    try:
        return SealingKey(path)
    except (OSError, ValueError, TypeError) as error:
        msg = f"the form's key {path} cannot be used ({type(error).__name__}): restore it, or move it away"
        raise CannotServe(msg) from None


def _carrier(setting: Setting, ring: KeyRing, clock: Clock) -> Courier | Forwarder:
    if setting.outbox is None:
        return Courier(lambda: _publisher(setting), lambda: topics_of(ring.keys().values()), log.info)
    try:
        return Forwarder(Outbox(setting.outbox, setting.device), lambda: _publisher(setting), clock, log.warning)
    except OutboxFailed as error:
        raise CannotServe(str(error)) from None


def topics_of(keys: Iterable[ApiKey]) -> tuple[str, ...]:
    """What the owners of the keys write to."""
    found: list[str] = []
    for key in keys:
        if key.province is not None:
            found += [transit_topic(key.province), rejected_topic(key.owner)]
        else:
            found += [REPORTS if key.owner == SISAGA else DEPARTURES, rejected_topic(REGISTRY)]
    return tuple(dict.fromkeys(found))


def _publisher(setting: Setting) -> Publisher:
    return Publisher(
        ",".join(setting.kafka),
        client_id="lintas-gateway",
        deadline_seconds=ACKNOWLEDGED_WITHIN_SECONDS,
        bootstrap_timeout_seconds=CONNECTED_WITHIN_SECONDS,
    )


def _check(setting: Setting) -> None:
    if setting.host not in _LOOPBACK and setting.tls is None and not setting.plain_http:
        msg = (
            f"{setting.host} is reached by other machines and raw identities would travel in plain: give --tls-cert "
            "and --tls-key, or --plain-http where a proxy in front has TLS"
        )
        raise CannotServe(msg)


def _listen(setting: Setting) -> socket.socket:
    family = socket.AF_INET6 if ":" in setting.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((setting.host, setting.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        msg = f"port {setting.port} of {setting.host} cannot be listened on ({error.strerror}): choose another --port"
        raise CannotServe(msg) from None
    return listener


def _address(listener: socket.socket, setting: Setting) -> str:
    host = f"[{setting.host}]" if ":" in setting.host else setting.host
    return f"{'https' if setting.tls else 'http'}://{host}:{listener.getsockname()[1]}"


def _config(setting: Setting, door: Door) -> uvicorn.Config:
    tls: dict[str, Any] = {}
    if setting.tls is not None:
        tls = {"ssl_certfile": setting.tls.certificate, "ssl_keyfile": setting.tls.key}
        if setting.tls.client_ca is not None:
            tls |= {"ssl_ca_certs": str(setting.tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    config = uvicorn.Config(
        make_app(door),
        access_log=False,  # it writes paths and queries as they came
        log_config=None,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=LEAVE_SECONDS,
        **tls,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        msg = f"certificate, key or authority cannot be used ({type(error).__name__}): give PEM files"
        raise CannotServe(msg) from None
    return config


def _vitals(address: Address | None, door: Door) -> VitalsServer | None:
    if address is None:
        return None
    meters, carrier = door.handler.meters, door.handler.carrier

    def exposition() -> tuple[str, bytes]:
        meters.ready.set(door.ready().ok)
        if isinstance(carrier, Forwarder):
            standing = carrier.outbox.standing()
            meters.outbox.set(standing.waiting)
            if standing.skew is not None:
                meters.skew.set(standing.skew.seconds)
        return meters.exposition()

    try:
        return VitalsServer(address, metrics=exposition, live=door.live, ready=door.ready)
    except OSError as error:
        log.error("no metrics: LINTAS_METRICS cannot be listened on", address=address, error=error.strerror)
        return None
