"""What all tests share: no network for unit tests, a broker and a ClickHouse engine for those that ask by marker."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from kafka.net.inet import KafkaNetSocket

# a shell starts its background with SIGINT ignored, and so would every process be that a test starts and stops
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_connect = KafkaNetSocket.sock_connect


async def _connect_or_close(self: KafkaNetSocket, net: Any, sock: socket.socket, *address: Any, **limit: Any) -> Any:
    """kafka-python leaves a socket that comes to no connection to the collector, whose warning fails any test."""
    try:
        return await _connect(self, net, sock, *address, **limit)
    except BaseException:  # refused, too late, or the client was closed meanwhile
        sock.close()
        raise


KafkaNetSocket.sock_connect = _connect_or_close

SERVICES = ("kafka", "clickhouse", "stack", "embedded", "cluster", "loopback")

settings.register_profile("gate", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test without a service marker that opens a connection fails, even where its code swallows the error."""
    if any(request.node.get_closest_marker(name) for name in SERVICES):
        yield
        return
    tried: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        tried.append(address)
        message = f"a unit test may not connect to {address}"
        raise ConnectionRefusedError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield
    assert not tried, f"this test connected to {tried}: mark it kafka, clickhouse or stack"
