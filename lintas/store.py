"""ClickHouse for the length of a command: one client, one login, clear words when it does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from lintas.failing import Failure
from lintas.settings import Settings

if TYPE_CHECKING:
    from clickhouse_driver import Client

_LOGIN_REFUSED = {192, 193, 194, 516}
"""ClickHouse's codes for an unknown user, a wrong or missing password, and a login that failed."""


@contextmanager
def open_client(settings: Settings, answer_seconds: int | None = None) -> Iterator[Client]:
    """A connected client, which waits so long for each answer (None = as long as the loader does).

    Raises:
        Failure: the server does not answer, or refuses the login.
    """
    from clickhouse_driver.errors import Error, ServerException

    from sinks.settings import StoreAddress
    from sinks.store import ANSWER_SECONDS, connect

    at = settings.clickhouse_or_fail()
    address = StoreAddress(host=at.host, port=at.port, user=at.user, password=at.password, database=at.database)
    client = connect(address, answer_seconds=answer_seconds or ANSWER_SECONDS)
    try:
        try:
            client.execute("SELECT 1")
        except ServerException as error:
            why = f"refuses the user {at.user}" if error.code in _LOGIN_REFUSED else f"answers with error {error.code}"
            raise Failure(_told(at.host, at.port, why)) from None
        except (Error, OSError, EOFError) as error:
            raise Failure(_told(at.host, at.port, f"does not answer ({type(error).__name__})")) from None
        yield client
    finally:
        with suppress(OSError, EOFError):
            client.disconnect()


def _told(host: str, port: int, why: str) -> str:
    return f"ClickHouse at {host}:{port} {why}: check LINTAS_CLICKHOUSE, user and password, or run `lintas doctor`"
