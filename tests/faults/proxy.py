"""A TCP proxy whose links can be made bad at will: cut, refused, slow, silent, reset, in single bytes."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TypeVar

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 1 << 16
WAITING_CHUNKS = 256
"""What may be under way in one direction of one link while it is delayed."""
ANSWER_SECONDS = 10

T = TypeVar("T")


class Direction(StrEnum):
    """Of bytes, as the client sees it."""

    UP = "up"
    """From the client to the server."""
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one direction; the default is a healthy one."""

    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    """Up to so much more delay, by chance; the order of bytes stays."""
    silent: bool = False
    """Nothing is forwarded, not even an end; the sockets stay open."""
    reset_after_bytes: int | None = None
    """A link that carried so many bytes in this direction ends with RST at both ends."""
    piece_bytes: int = CHUNK_BYTES
    """Most bytes that are sent at once."""
    bytes_per_second: float | None = None
    """Of one link."""


HEALTHY = Fault()


@dataclass(slots=True, eq=False)
class _Link:
    """One connection: the client's socket and the server's."""

    client: socket.socket
    server: socket.socket
    abandoned: bool = False
    carried: dict[Direction, int] = field(default_factory=lambda: dict.fromkeys(Direction, 0))
    ended: set[Direction] = field(default_factory=set)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class FaultProxy:
    """Forwards a loopback port to another one; a context manager, whose methods may be called from any thread."""

    def __init__(self, target_port: int, *, port: int = 0, seed: int = 1) -> None:
        """Take the port (0 = a free one); it is served from `__enter__` on."""
        self.target_port = target_port
        self._holder = _bound(port)  # keeps the port while nobody listens, so that no other program takes it
        self.port: int = self._holder.getsockname()[1]
        self._chance = random.Random(seed)
        self._faults = dict.fromkeys(Direction, HEALTHY)
        self._links: set[_Link] = set()
        self._taken = 0
        self._loop = asyncio.new_event_loop()
        self._changed = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._accepting: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.accept()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def links(self) -> int:
        """Connections that are open now."""
        return len(self._links)

    @property
    def taken(self) -> int:
        """Connections that were ever taken."""
        return self._taken

    # ------------------------------------------------------------------------------------------ faults

    def set(self, *, up: Fault = HEALTHY, down: Fault = HEALTHY) -> None:
        """Make the directions so from now on, for present and future links."""
        self._call(lambda: self._faults.update({Direction.UP: up, Direction.DOWN: down}))

    def both(self, fault: Fault) -> None:
        """Make both directions so."""
        self.set(up=fault, down=fault)

    def cut(self) -> None:
        """End all present links at once with RST; new ones are taken."""

        def reset_all() -> None:
            for link in list(self._links):
                self._reset(link)

        self._call(reset_all)

    def refuse(self) -> None:
        """Let new connections be refused; present links stay."""
        self._run(self._refuse())

    def accept(self) -> None:
        """Take new connections again."""
        self._run(self._accept())

    def abandon(self) -> None:
        """Leave present links silent for ever, as a router does that forgot them; new ones are healthy."""

        def forget_all() -> None:
            for link in self._links:
                link.abandoned = True

        self._call(forget_all)

    def heal(self) -> None:
        """Lift every fault; what waited in a silent link goes on, but for abandoned ones."""
        self.both(HEALTHY)
        self.accept()

    # ------------------------------------------------------------------------------------------ in the loop

    def _call(self, change: Callable[[], object]) -> None:
        async def do() -> None:
            change()
            self._changed.set()
            self._changed = asyncio.Event()

        self._run(do())

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(what, self._loop)
        return done.result(ANSWER_SECONDS)

    async def _accept(self) -> None:
        if self._accepting is None:
            door = _bound(self.port)
            door.listen(128)
            self._accepting = asyncio.create_task(self._take_links(door))

    async def _refuse(self) -> None:
        if self._accepting is None:
            return
        self._accepting.cancel()
        await asyncio.wait([self._accepting])
        self._accepting = None

    async def _close(self) -> None:
        await self._refuse()
        for link in list(self._links):
            self._end(link)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        self._holder.close()

    async def _take_links(self, door: socket.socket) -> None:
        with door:
            while True:
                client, _ = await self._loop.sock_accept(door)
                self._taken += 1
                server = socket.socket()
                server.setblocking(False)
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link = _Link(client, server)
                self._links.add(link)
                link.tasks.append(asyncio.create_task(self._serve(link)))

    async def _serve(self, link: _Link) -> None:
        try:
            await self._loop.sock_connect(link.server, (LOOPBACK, self.target_port))
        except OSError:
            self._reset(link)
            return
        for direction, source, sink in (
            (Direction.UP, link.client, link.server),
            (Direction.DOWN, link.server, link.client),
        ):
            waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING_CHUNKS)
            link.tasks.append(asyncio.create_task(self._read(link, direction, source, waiting)))
            link.tasks.append(asyncio.create_task(self._write(link, direction, sink, waiting)))

    async def _read(
        self, link: _Link, direction: Direction, source: socket.socket, waiting: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        due = 0.0
        data = b"?"
        while data:
            try:
                data = await self._loop.sock_recv(source, CHUNK_BYTES)
            except OSError:
                await self._not_silent(link, direction)
                self._reset(link)
                return
            fault = self._faults[direction]
            later = fault.delay_seconds + self._chance.uniform(0.0, fault.jitter_seconds)
            due = max(due, self._loop.time() + later)
            await waiting.put((due, data))

    async def _write(
        self, link: _Link, direction: Direction, sink: socket.socket, waiting: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._not_silent(link, direction)
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    break
                await self._forward(link, direction, sink, data)
            except OSError:
                self._reset(link)
                return
        link.ended.add(direction)
        if len(link.ended) == len(Direction):
            self._end(link)

    async def _forward(self, link: _Link, direction: Direction, sink: socket.socket, data: bytes) -> None:
        while data:
            await self._not_silent(link, direction)
            fault = self._faults[direction]
            piece, left = data[: fault.piece_bytes], data[fault.piece_bytes :]
            if fault.reset_after_bytes is not None:
                piece = piece[: max(0, fault.reset_after_bytes - link.carried[direction])]
                if not piece:
                    raise ConnectionResetError
                left = data[len(piece) :]
            if fault.bytes_per_second is not None:
                await asyncio.sleep(len(piece) / fault.bytes_per_second)
            await self._loop.sock_sendall(sink, piece)
            link.carried[direction] += len(piece)
            data = left

    async def _not_silent(self, link: _Link, direction: Direction) -> None:
        while link.abandoned or self._faults[direction].silent:
            await self._changed.wait()

    def _reset(self, link: _Link) -> None:
        for end in (link.client, link.server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(link)

    def _end(self, link: _Link) -> None:
        if link not in self._links:
            return
        self._links.discard(link)
        for task in link.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        for end in (link.client, link.server):
            self._loop.remove_reader(end)
            self._loop.remove_writer(end)
            end.close()


def _bound(port: int) -> socket.socket:
    """A socket on the port, which others of this program may share."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((LOOPBACK, port))
    door.setblocking(False)
    return door
