"""The local ClickHouse server: a listener on loopback, a thread for each client, one engine."""

from __future__ import annotations

import ipaddress
import itertools
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress

from lintas.clickhouse.engine import Engine
from lintas.clickhouse.errors import StartError
from lintas.clickhouse.session import Session, Statement
from lintas.clickhouse.users import User
from lintas.clickhouse.watching import Watcher

STOP_PATIENCE_SECONDS = 10.0
MOST_CONNECTIONS = 64
_KILLED_PATIENCE_SECONDS = 5.0

log = logging.getLogger("lintas.clickhouse")


def listen(host: str, port: int) -> socket.socket:
    """Take an address of loopback; port 0 takes a free one.

    Raises:
        StartError: if the address is taken, or is not loopback: a login here is worth the whole OS user.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"host {host} is not a loopback address: use 127.0.0.1, or a full ClickHouse server for a network"
        raise StartError(message)
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # its own text repeats the address
        message = f"cannot listen on {host}:{port}: {reason}; choose another --port or end what listens there"
        raise StartError(message) from None


class Server:
    """Serves the clients of one engine until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        users: Mapping[str, User],
        listener: socket.socket,
        *,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        self.engine, self.users = engine, users
        self._listener = listener
        self._most_connections = most_connections
        self._tags = itertools.count(1)
        self._watcher = Watcher(engine)
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._admitted: set[threading.Thread] = set()
        self._stopping = False

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def admit(self) -> bool:
        """Take a place for the session of this thread, if there is one; it is free when the thread ends."""
        with self._lock:
            if len(self._admitted) >= self._most_connections:
                return False
            self._admitted.add(threading.current_thread())
            return True

    def watching(self, sock: socket.socket, tag: str) -> AbstractContextManager[Statement]:
        """Kill what runs inside as soon as the client asks for it or goes away."""
        return self._watcher.watching(sock, tag)

    def serve_forever(self) -> None:
        """Accept clients; returns when `stop_accepting` was called."""
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                if self._stopping:
                    return
                log.exception("a connection could not be accepted")
                time.sleep(0.1)  # out of file descriptors, most likely
                continue
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            with self._lock:
                self._clients[sock] = thread
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Session(self, sock, f"lintas-{next(self._tags)}").serve()
        except Exception:
            log.exception("the thread of a client failed")
        finally:
            with self._lock:
                self._clients.pop(sock, None)
                self._admitted.discard(threading.current_thread())
            sock.close()

    def stop_accepting(self) -> None:
        """End `serve_forever`; safe in a signal handler."""
        self._stopping = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)

    def close(self, patience_seconds: float = STOP_PATIENCE_SECONDS) -> bool:
        """Let running statements end, then close the engine.

        An INSERT whose rows are still coming is undone. What runs longer than the patience is killed.

        Returns:
            False if a statement would not even be killed: the engine is then left as after a crash.
        """
        self._listener.close()
        self._watcher.pause()
        self._shut(socket.SHUT_RD)  # idle clients end at once, the others after their statement
        if not self._wait(patience_seconds):
            log.warning("killing what still runs after %g s", patience_seconds)
            self._shut(socket.SHUT_RDWR)
            self._watcher.kill_all()
            if not self._wait(_KILLED_PATIENCE_SECONDS, self._watcher.kill_all):
                return False
        self.engine.close()
        return True

    def _shut(self, how: int) -> None:
        with self._lock:
            clients = list(self._clients)
        for sock in clients:
            with suppress(OSError):
                sock.shutdown(how)

    def _wait(self, seconds: float, meanwhile: Callable[[], None] = lambda: None) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                threads = list(self._clients.values())
            if not threads:
                return True
            if time.monotonic() > deadline:
                return False
            meanwhile()
            threads[0].join(timeout=0.05)
