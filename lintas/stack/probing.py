"""Ask a local server whether it is ready, in its own language and without a client library."""

import socket
import struct

from lintas.stack.ports import LOOPBACK

PROBE_SECONDS = 1.0

LONGEST_ANSWER_BYTES = 1 << 20  # another protocol's first bytes, read as a length, are mostly far above

_METADATA_KEY, _METADATA_VERSION, _CORRELATION = 3, 1, 7


def accepts_connections(port: int, *, timeout_seconds: float = PROBE_SECONDS) -> bool:
    """Does anybody listen on the loopback port?"""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=timeout_seconds):
            return True
    except OSError:
        return False


def kafka_is_ready(port: int, *, brokers: int = 1, timeout_seconds: float = PROBE_SECONDS) -> bool:
    """Does a Kafka broker answer there and know at least so many brokers, and a controller, in its cluster?

    A broker lists itself only once the controller has let it in, so this is later and surer than an open port.
    """
    try:
        answer = _ask_metadata(port, timeout_seconds)
        return _ready(answer, brokers)
    except (OSError, struct.error):
        return False


def _ask_metadata(port: int, timeout_seconds: float) -> bytes:
    client = b"lintas-probe"
    request = struct.pack(">hhih", _METADATA_KEY, _METADATA_VERSION, _CORRELATION, len(client)) + client
    request += struct.pack(">i", 0)  # no topics
    with socket.create_connection((LOOPBACK, port), timeout=timeout_seconds) as link:
        link.sendall(struct.pack(">i", len(request)) + request)
        (length,) = struct.unpack(">i", _read(link, 4))
        return _read(link, length)


def _read(link: socket.socket, length: int) -> bytes:
    if not 0 < length <= LONGEST_ANSWER_BYTES:
        message = "this is not Kafka's protocol"
        raise ConnectionError(message)
    data = b""
    while len(data) < length:
        more = link.recv(length - len(data))
        if not more:
            message = "the connection was closed"
            raise ConnectionError(message)
        data += more
    return data


def _ready(answer: bytes, brokers: int) -> bool:
    correlation, listed = struct.unpack_from(">ii", answer, 0)
    at = 8
    for _ in range(listed):
        at += 4  # node id
        at += 2 + struct.unpack_from(">h", answer, at)[0]  # host
        at += 4  # port
        rack = struct.unpack_from(">h", answer, at)[0]
        at += 2 + max(rack, 0)
    (controller,) = struct.unpack_from(">i", answer, at)
    return bool(correlation == _CORRELATION and listed >= brokers and controller >= 0)
