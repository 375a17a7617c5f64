"""The treaty of health: three paths that every long-running process answers over HTTP, and the small server for them.

`/metrics` is for Prometheus, `/livez` says whether work moves (else: restart it), `/readyz` whether it can take work.
The answers come from a thread of their own, so they never hold the work up, and name no person.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6

METRICS, LIVE, READY = "/metrics", "/livez", "/readyz"
LOOPBACK = "127.0.0.1"
SLOW_CLIENT_SECONDS = 5.0
OK, UNAVAILABLE, NOT_FOUND, BROKEN = 200, 503, 404, 500

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One answer: well or not, and why not in words for an operator."""

    ok: bool
    why: str = ""


def address_of(text: str) -> Address:
    """Read `host:port`; `:port` is on loopback.

    Raises:
        ValueError: it is neither.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65_535:
        msg = "not host:port"
        raise ValueError(msg)
    return host.strip("[]") or LOOPBACK, int(port)


class VitalsServer:
    """Answers the three paths until it is closed.

    Args:
        address: where to listen; port 0 takes a free one.
        metrics: content type and body of the exposition.
        live: whether work moves.
        ready: whether it can take work.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(
        self,
        address: Address,
        *,
        metrics: Callable[[], tuple[str, bytes]],
        live: Callable[[], Health],
        ready: Callable[[], Health],
    ) -> None:
        answers = {METRICS: _telling(metrics), LIVE: _judging(live), READY: _judging(ready)}

        class Handler(_Handler):
            routes = answers

        class Server(_Server):
            address_family = AF_INET6 if ":" in address[0] else _Server.address_family

        self._server = Server(address, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="vitals", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens, as host:port."""
        host, port = self._server.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"{shown}:{port}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Answer = Callable[[], tuple[int, str, bytes]]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no event."""


class _Handler(BaseHTTPRequestHandler):
    routes: dict[str, Answer]
    timeout = SLOW_CLIENT_SECONDS
    server_version = "lintas"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        answer = self.routes.get(self.path.partition("?")[0])
        try:
            code, kind, body = answer() if answer else (NOT_FOUND, "text/plain", b"see /metrics, /livez, /readyz\n")
        except Exception as error:  # a scrape that fails must not look like a process that is gone
            code, kind, body = BROKEN, "text/plain", f"{type(error).__name__}\n".encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A probe every few seconds is no event."""


def _telling(metrics: Callable[[], tuple[str, bytes]]) -> Answer:
    def answer() -> tuple[int, str, bytes]:
        kind, body = metrics()
        return OK, kind, body

    return answer


def _judging(health: Callable[[], Health]) -> Answer:
    def answer() -> tuple[int, str, bytes]:
        found = health()
        body = json.dumps({"ok": found.ok, "why": found.why}) + "\n"
        return OK if found.ok else UNAVAILABLE, "application/json", body.encode()

    return answer
