"""The console wired to an installation: its store, its log, its policy, and a directory of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lintas.failing import Failure, Misuse
from lintas.policies import policy_of, terms_of
from lintas.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from clickhouse_driver import Client

    from console.audit import Audit
    from console.desk import Desk
    from console.users import Users
    from schemas.verdicts import Review

FOLDER = "console"
ANSWER_SECONDS = 30


def users_and_audit(directory: Path) -> tuple[Users, Audit]:
    """The console's users and audit of an installation.

    Raises:
        Failure: the libraries of the console are not installed, or its directory cannot be written.
    """
    try:
        from console.audit import Audit, ensure_key
        from console.database import Database
        from console.users import Users
    except ModuleNotFoundError as error:
        raise Failure(not_installed(error)) from None
    where = directory / FOLDER
    try:
        database = Database.at(where / "console.db")
        return Users(database), Audit(database, ensure_key(where / "audit.key"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "the key of the audit is damaged"
        msg = f"the console's directory {where} cannot be used ({why}): check its rights"
        raise Failure(msg) from None


def desk_of(settings: Settings, clock: Callable[[], datetime], *, https: bool, refresh_seconds: int) -> Desk:
    """Everything that the pages need.

    Raises:
        Failure: nothing names a Kafka or a ClickHouse, or the libraries of the console are not installed.
    """
    from lintas.reviewing import ReviewLog
    from producers.withholding import OwnIdentifiers

    users, audit = users_and_audit(settings.directory)
    from console.desk import Clients, Desk, WriteRefused
    from console.pacing import Paces
    from console.sessions import LoginTokens, Sessions

    policy, log = policy_of(settings), ReviewLog(settings)
    settings.kafka_or_fail()

    def write(review: Review) -> None:
        try:
            log.write(review)
        except (Failure, Misuse) as error:
            raise WriteRefused(str(error)) from None

    def reveals(text: str) -> bool:
        return OwnIdentifiers(numbers=(), names=(), at=clock().date()).reveals(text)

    return Desk(
        clock=clock,
        clients=Clients(lambda: _connect(settings)),
        users=users,
        sessions=Sessions(users.database, users),
        audit=audit,
        login_tokens=LoginTokens(),
        paces=Paces(),
        write=write,
        reveals=reveals,
        terms=terms_of(policy),
        thresholds=_thresholds(policy.digest, policy.review_threshold),
        https=https,
        refresh_seconds=refresh_seconds,
    )


def serve(desk: Desk, *, host: str, port: int) -> None:
    """Answer until SIGINT or SIGTERM comes."""
    import uvicorn

    from console.app import create_app

    # no access log: addresses hold ids of crossings
    uvicorn.run(
        create_app(desk),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        # the proxy in front says whose attempt it was
        forwarded_allow_ips="*" if desk.https else "127.0.0.1",
    )


def not_installed(error: ModuleNotFoundError) -> str:
    """What to say where a library is missing."""
    return f"the console needs {error.name}: install it with `pip install 'lintas[console]'`"


def _connect(settings: Settings) -> Client:
    from sinks.settings import StoreAddress
    from sinks.store import connect

    at = settings.clickhouse_or_fail()
    address = StoreAddress(host=at.host, port=at.port, user=at.user, password=at.password, database=at.database)
    return connect(address, answer_seconds=ANSWER_SECONDS)


def _thresholds(digest: str, threshold: int) -> Mapping[str, int]:
    from streams.policy import shipped_policy

    shipped = shipped_policy()
    return {shipped.digest: shipped.review_threshold, digest: threshold}
