"""The local ClickHouse server as a child process: started, waited for, and ended."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lintas.clickhouse.errors import StartError
from lintas.clickhouse.users import User, write_users

_LISTENING = re.compile(r"^listening on (?P<host>\S+):(?P<port>\d+)$", re.MULTILINE)
_LOOK_SECONDS = 0.02
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickHouseAddress:
    """Where a ClickHouse server listens, and a login; the fields are those of clickhouse-driver's `Client`."""

    host: str
    port: int
    user: str = "lintas"
    password: str = field(default="", repr=False)
    database: str = "lintas"


class ClickHouseProcess:
    """A server that runs as a child process and answers."""

    def __init__(self, process: subprocess.Popen[bytes], address: ClickHouseAddress) -> None:
        self.process = process
        self.address = address

    def stop(self) -> int:
        """End it the polite way and return its exit code; a server that hangs is killed."""
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


def start_clickhouse(
    folder: Path,
    *,
    port: int = 0,
    password: str | None = None,
    database: str = "lintas",
    others: Sequence[User] = (),
    options: Sequence[str] = (),
) -> ClickHouseProcess:
    """Start a server on a folder and wait until it answers `SELECT 1`.

    The folder gets `data`, `users.json` and `clickhouse.log`. The user `lintas` may do all; port 0 takes a free one
    and no password makes one.

    Raises:
        StartError: if it ends, or does not answer in time; the text has the last line of its log.
    """
    password = secrets.token_urlsafe(16) if password is None else password
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_users(folder / "users.json", [User.with_password("lintas", password), *others])
    command = [sys.executable, "-m", "lintas.clickhouse", "--path", str(folder / "data")]
    command += ["--users", str(folder / "users.json"), "--port", str(port), "--database", database, *options]
    log_file = folder / "clickhouse.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        host, port = _wait_for_port(process, log_file)
        address = ClickHouseAddress(host=host, port=port, password=password, database=database)
        _ask(address)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return ClickHouseProcess(process, address)


def _wait_for_port(process: subprocess.Popen[bytes], log_file: Path) -> tuple[str, int]:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        ended = process.poll() is not None
        log = log_file.read_text(encoding="utf-8", errors="replace")
        if match := _LISTENING.search(log):
            return match["host"], int(match["port"])
        if ended or time.monotonic() > deadline:
            last_line = (log.strip().splitlines() or ["it said nothing"])[-1]
            state = "ended" if ended else f"is not ready after {_START_SECONDS:g} s"
            message = f"the local ClickHouse server {state}: {last_line}"
            raise StartError(message)
        time.sleep(_LOOK_SECONDS)


def _ask(address: ClickHouseAddress) -> None:
    # the server's process imports this package too, and would start a quarter of a second later with the driver
    from clickhouse_driver import Client
    from clickhouse_driver.errors import Error

    client = Client(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
        connect_timeout=_START_SECONDS,
        send_receive_timeout=_START_SECONDS,
    )
    try:
        client.execute("SELECT 1")
    except (Error, OSError, EOFError) as error:
        message = f"the local ClickHouse server on {address.host}:{address.port} does not answer SELECT 1: {error}"
        raise StartError(message) from error
    finally:
        with suppress(OSError):
            client.disconnect()


@contextmanager
def running_clickhouse(
    folder: Path, *, port: int = 0, password: str | None = None, database: str = "lintas", others: Sequence[User] = ()
) -> Iterator[ClickHouseAddress]:
    """Run a server on a folder as long as the block lasts; see `start_clickhouse`."""
    server = start_clickhouse(folder, port=port, password=password, database=database, others=others)
    try:
        yield server.address
    finally:
        server.stop()
