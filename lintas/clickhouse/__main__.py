"""Run the local ClickHouse server: `python -m lintas.clickhouse --path DIR --users FILE [--port N]`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lintas.clickhouse.errors import StartError
from lintas.clickhouse.users import read_users


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        message = f"{number} is not a port: 0 to 65535"
        raise argparse.ArgumentTypeError(message)
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lintas.clickhouse",
        description="The ClickHouse engine behind the native protocol, on loopback.",
    )
    parser.add_argument("--path", type=Path, required=True, help="the data directory; made if missing")
    parser.add_argument("--users", type=Path, required=True, help="JSON: {name: {sha256: hex, readonly: 0, 1 or 2}}")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=_port, default=19000, help="0 takes a free one")
    parser.add_argument("--database", default="lintas", help="made at the start, and what a login without one gets")
    parser.add_argument("--max-memory-bytes", type=int, default=4 << 30, help="for the whole server")
    parser.add_argument("--max-connections", type=int, default=64)
    parser.add_argument("--stop-patience-seconds", type=float, default=10.0, help="for statements that still run")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    users = read_users(arguments.users)
    # chDB takes a fifth of a second to import: what is wrong with the arguments is told before
    from lintas.clickhouse.engine import Engine
    from lintas.clickhouse.server import Server, listen

    with listen(arguments.host, arguments.port) as listener:
        engine = Engine(arguments.path, database=arguments.database, memory_bytes=arguments.max_memory_bytes)
        server = Server(engine, users, listener, most_connections=arguments.max_connections)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop_accepting())
        host, port = server.address
        sys.stderr.write(f"listening on {host}:{port}\n")
        sys.stderr.flush()
        server.serve_forever()
        if not server.close(arguments.stop_patience_seconds):
            sys.stderr.write("a statement could not be ended: the engine was not closed\n")
            sys.stderr.flush()
            os._exit(1)  # its thread is inside the engine, where the interpreter's end would crash
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server; exit code 1 with one line if it cannot start, 2 for wrong arguments."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    try:
        return run(_parser().parse_args(argv))
    except StartError as error:
        sys.stderr.write(f"lintas.clickhouse: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
