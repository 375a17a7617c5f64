"""The proxy of the fault tests does to a link what it says, and nothing else."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Fault, FaultProxy

pytestmark = pytest.mark.loopback

BIG = random.Random(7).randbytes(3_000_000)


class Echo:
    """Sends everything back, and ends when its client does."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._threads: list[threading.Thread] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(client,), daemon=True).start()

    def _echo(self, client: socket.socket) -> None:
        with client:
            try:
                while data := client.recv(65536):
                    client.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    echo = Echo()
    with FaultProxy(echo.port) as proxy:
        yield proxy
    echo.close()


def call(proxy: FaultProxy, timeout: float = 5.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=timeout)


def take(client: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count and (data := client.recv(65536)):
        got += data
    return got


def echoed(client: socket.socket, data: bytes) -> bytes:
    sending = threading.Thread(target=client.sendall, args=(data,))
    sending.start()
    got = take(client, len(data))
    sending.join()
    return got


def soon(holds: object) -> None:
    until = time.monotonic() + 5
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_healthy_link_changes_no_byte(proxy: FaultProxy) -> None:
    with call(proxy) as client:
        assert hashlib.sha256(echoed(client, BIG)).digest() == hashlib.sha256(BIG).digest()
        assert (proxy.links, proxy.taken) == (1, 1)
    soon(lambda: proxy.links == 0)


def test_a_cut_resets_present_links_and_takes_new_ones(proxy: FaultProxy) -> None:
    with call(proxy) as client, call(proxy) as other:
        assert echoed(client, b"a") + echoed(other, b"b") == b"ab"
        proxy.cut()
        for each in (client, other):
            with pytest.raises(ConnectionResetError):
                each.recv(1)
    with call(proxy) as client:
        assert echoed(client, b"c") == b"c"


def test_refused_connections_leave_present_links_alone_and_the_port_is_kept(proxy: FaultProxy) -> None:
    with call(proxy) as client:
        assert echoed(client, b"a") == b"a"
        for _ in range(3):
            proxy.refuse()
            proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                call(proxy)
            with socket.socket() as thief, pytest.raises(OSError, match="in use"):
                thief.bind(("127.0.0.1", proxy.port))
            assert echoed(client, b"b") == b"b"
            proxy.heal()
            with call(proxy) as late:
                assert echoed(late, b"c") == b"c"


def test_a_delay_holds_each_byte_and_no_more_than_that(proxy: FaultProxy) -> None:
    with call(proxy) as client:
        proxy.set(up=Fault(delay_seconds=0.3))
        begun = time.monotonic()
        for _ in range(5):
            client.sendall(b"x" * 1000)
            time.sleep(0.02)
        assert take(client, 5000) == b"x" * 5000
        assert 0.3 <= time.monotonic() - begun < 1.2  # side by side, not one after the other


def test_jitter_keeps_the_order(proxy: FaultProxy) -> None:
    said = b"".join(b"%06d" % number for number in range(200))
    proxy.both(Fault(jitter_seconds=0.05))
    with call(proxy) as client:
        for place in range(0, len(said), 6):
            client.sendall(said[place : place + 6])
            time.sleep(0.001)
        assert take(client, len(said)) == said


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_silent_link_stays_open_and_goes_on_where_it_was(proxy: FaultProxy, way: str) -> None:
    with call(proxy, timeout=0.3) as client:
        assert echoed(client, b"a") == b"a"
        proxy.set(**{way: Fault(silent=True)})
        client.sendall(b"b")
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert proxy.links == 1
        proxy.heal()
        client.settimeout(5)
        assert take(client, 1) == b"b"


def test_a_silent_link_tells_nobody_that_the_other_end_is_gone(proxy: FaultProxy) -> None:
    client = call(proxy)
    assert echoed(client, b"a") == b"a"
    proxy.both(Fault(silent=True))
    client.close()
    time.sleep(0.2)
    assert proxy.links == 1
    proxy.heal()
    soon(lambda: proxy.links == 0)


def test_an_abandoned_link_stays_dead_while_new_ones_live(proxy: FaultProxy) -> None:
    with call(proxy, timeout=0.3) as client:
        assert echoed(client, b"a") == b"a"
        proxy.abandon()
        proxy.heal()
        client.sendall(b"b")
        with pytest.raises(TimeoutError):
            client.recv(1)
        with call(proxy) as other:
            assert echoed(other, b"c") == b"c"


@pytest.mark.parametrize("count", [0, 1, 1000, 100_000])
def test_a_reset_comes_after_exactly_so_many_bytes(proxy: FaultProxy, count: int) -> None:
    proxy.set(down=Fault(reset_after_bytes=count))
    with call(proxy) as client:
        sending = threading.Thread(target=swallow, args=(client, BIG[:200_000]))
        sending.start()
        got = b""
        try:
            while data := client.recv(1 << 20):
                got += data
            pytest.fail("an orderly end in place of a reset")
        except ConnectionResetError:
            sending.join()
    assert BIG.startswith(got)
    assert len(got) <= count


def swallow(client: socket.socket, data: bytes) -> None:
    try:
        client.sendall(data)
    except OSError:
        return


def test_single_bytes_arrive_all(proxy: FaultProxy) -> None:
    proxy.both(Fault(piece_bytes=1))
    with call(proxy) as client:
        assert echoed(client, BIG[:5000]) == BIG[:5000]


def test_a_narrow_link_takes_the_time_that_its_bytes_need(proxy: FaultProxy) -> None:
    proxy.set(up=Fault(bytes_per_second=20_000, piece_bytes=1_000))
    with call(proxy, timeout=10) as client:
        begun = time.monotonic()
        assert echoed(client, BIG[:10_000]) == BIG[:10_000]
        assert time.monotonic() - begun >= 0.5


def test_a_server_that_is_away_shows_as_a_reset() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with FaultProxy(unused.getsockname()[1]) as proxy, pytest.raises(ConnectionResetError), call(proxy) as client:
            client.recv(1)
