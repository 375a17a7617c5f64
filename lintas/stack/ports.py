"""Ports on the loopback address that nobody uses."""

import random
import socket

from lintas.stack.errors import StackError

LOOPBACK = "127.0.0.1"

# Below the range from which systems take the source ports of outgoing connections (32768 on Linux, 49152 elsewhere):
# a port of ours that is remembered over a restart is never borrowed meanwhile, and a probe never meets itself.
FIRST, LAST = 20_000, 32_700


def free_ports(count: int) -> tuple[int, ...]:
    """Distinct ports that are free now; another process may still take one before the caller does.

    Raises:
        StackError: there are not so many.
    """
    found: list[int] = []
    for port in random.sample(range(FIRST, LAST + 1), LAST - FIRST + 1):
        if len(found) == count:
            break
        if port_is_free(port):
            found.append(port)
    if len(found) < count:
        message = f"no {count} free ports between {FIRST} and {LAST} on {LOOPBACK}: end some servers first"
        raise StackError(message)
    return tuple(found)


def port_is_free(port: int) -> bool:
    """Could a server listen on the port now?  A port in TIME_WAIT counts as free, as it does for a server."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
            listener.listen(1)  # bind alone succeeds beside a bound socket that also allows reuse
        except OSError:
            return False
        return True
