"""Commands of the HTTP gateway: run it, and make, list and revoke the keys of those who may publish through it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.listing import Column, show
from lintas.cli.shell import Clock, DirectoryOption, Format, FormatOption, Shell, shell_of
from lintas.failing import Failure, Misuse
from lintas.settings import Settings
from schemas.vocabulary import Province

if TYPE_CHECKING:
    from producers.gateway.api_keys import ApiKey, KeyRing
    from producers.gateway.app import Receipts
    from producers.gateway.serving import Setting, Tls

PORT = 8447
_KEYS = (
    Column(field="id"),
    Column(field="owner"),
    Column(field="checkpoints", wrap=True),
    Column(field="note", wrap=True),
)

gateway = typer.Typer(name="gateway", help="The HTTP gateway of a province, and its keys.", rich_markup_mode=None)
key = typer.Typer(name="key", help="Who may publish through the gateway.", no_args_is_help=True, rich_markup_mode=None)
gateway.add_typer(key)


class Registry(StrEnum):
    """Owners of rows that are no province."""

    REGISTRY = "registry"
    SISAGA = "sisaga"


KeysOption = Annotated[
    Path | None,
    typer.Option("--keys", metavar="FILE", help="Hashes of the API keys.  [default: DIR/gateway/keys.json]"),
]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(gateway)


@gateway.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where to listen; 0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    keys: KeysOption = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="PEM", help="The gateway's certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="PEM", help="Its private key.")] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Let in only clients with a certificate of this authority.")
    ] = None,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Serve other machines without TLS: only behind a proxy that has it.")
    ] = False,
    outbox: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Store rows there and send them when the line to Kafka is up: answers 202."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="With --outbox: counts crossings that bring no number.  [default: a name of its own]"),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Requests a second that one key may send.")] = 20.0,
    burst: Annotated[int, typer.Option(min=1, help="Requests that it may send at once.")] = 100,
    body_bytes: Annotated[int, typer.Option(min=1024, help="Largest JSON body.")] = 8 << 20,
    directory: DirectoryOption = None,
) -> None:
    """Take crossings, departures, heartbeats and reports over HTTP, pseudonymise and publish them."""
    if context.invoked_subcommand is not None:
        return
    from lintas.keys import read_keys
    from producers.gateway.limits import Limits
    from producers.gateway.logs import set_up_logging
    from producers.gateway.serving import CannotServe, Setting, serve
    from schemas.vitals import address_of

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True)
    metrics = shell.env.get("LINTAS_METRICS", "").strip()
    first, *also = read_keys(settings.key_files)
    setting = Setting(
        kafka=settings.kafka_or_fail(),
        key=first,
        also=tuple(also),
        keys_file=_file(shell, keys, directory),
        state=settings.places.gateway,
        host=host,
        port=port,
        plain_http=plain_http,
        tls=_tls(tls_cert, tls_key, tls_client_ca),
        outbox=outbox,
        device=device,
        metrics=address_of(metrics) if metrics else None,
        limits=Limits(requests_per_second=rate, burst_requests=burst, body_bytes=body_bytes),
    )
    _say_without_keys(shell, setting)
    set_up_logging(sys.stderr)
    try:
        serve(setting, shell.clock, _receipts(settings, shell.clock), say=shell.say)
    except CannotServe as error:
        raise Failure(str(error)) from None


def _receipts(settings: Settings, clock: Clock) -> Receipts | None:
    """What asks the store, where one is named; a day is signed where the centre's key lies."""
    if settings.clickhouse is None:
        return None
    from lintas.receipting import day_lines, event_lines, read_signing_key
    from lintas.store import open_client
    from producers.gateway.answers import Refusal
    from sinks.receipts import Day, receipts_of_event, zone_of

    def ask(province: Province, day: date | None, event: str | None) -> list[str]:
        now, file = clock(), settings.places.receipts_key
        try:
            with open_client(settings) as client:
                if event is not None:
                    return list(event_lines(receipts_of_event(client, province, event)))
                signer = read_signing_key(file) if file.exists() else None
                asked = Day.of(province, day or now.astimezone(zone_of(province)).date())
                return list(day_lines(client, asked, now, signer))
        except Failure:
            detail, mend = "the store does not answer", "ask again later"
            raise Refusal(503, "store_away", detail, mend, retry_after_seconds=30) from None

    return ask


@key.command("new")
def new(
    context: typer.Context,
    province: Annotated[Province | None, typer.Option(help="Whose crossings the key may publish.")] = None,
    registry: Annotated[
        Registry | None, typer.Option("--for", help="registry: departures and heartbeats; sisaga: reports.")
    ] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this checkpoint; may be repeated.  [default: all]")
    ] = None,
    note: Annotated[str, typer.Option(help="Who gets it, for `key list`.")] = "",
    keys: KeysOption = None,
    directory: DirectoryOption = None,
) -> None:
    """Make a key and write it to stdout, this once: the file keeps only its hash."""
    from producers.gateway.api_keys import new_key

    shell = shell_of(context)
    if (province is None) == (registry is None):
        msg = "say whose key it is: --province P, or --for registry or sisaga"
        raise Misuse(msg)
    places = _checkpoints(province, checkpoint or [])
    made, text = new_key(province.value if province else str(registry), places, note)
    ring = _ring(shell, keys, directory)
    _written(lambda: ring.add(made))
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    shell.say(f"key {made.id} of {made.owner}: keep it where only its bearer can read; it cannot be shown again")


@key.command("list")
def listed(
    context: typer.Context,
    keys: KeysOption = None,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """Who has a key, and for what; the keys themselves are not kept."""
    found = _read(_ring(shell_of(context), keys, directory)).values()
    rows = [{"id": one.id, "owner": one.owner, "checkpoints": list(one.checkpoints), "note": one.note} for one in found]
    show(rows, _KEYS, form, empty="there is no key: `lintas gateway key new` makes one")


@key.command("revoke")
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="As `key list` shows it.")],
    keys: KeysOption = None,
    directory: DirectoryOption = None,
) -> None:
    """Take a key back; a running gateway lets it in no more."""
    shell = shell_of(context)
    ring = _ring(shell, keys, directory)
    if name not in _read(ring):
        msg = f"there is no key {name!r}: see `lintas gateway key list`"
        raise Failure(msg)
    _written(lambda: ring.revoke(name))
    shell.say(f"key {name} is revoked")


def _checkpoints(province: Province | None, named: list[str]) -> tuple[str, ...]:
    from schemas import reference

    found = tuple(name.strip().upper() for name in named)
    for name in found:
        if province is None or reference.province_of(name) is not province:
            whose = province.value if province else "a key that is no province's"
            msg = f"{name!r} is no checkpoint of {whose}: see the reference list in schemas/reference/data"
            raise Misuse(msg)
    return found


def _file(shell: Shell, keys: Path | None, directory: Path | None) -> Path:
    return keys or shell.settings(directory).places.gateway / "keys.json"


def _ring(shell: Shell, keys: Path | None, directory: Path | None) -> KeyRing:
    from producers.gateway.api_keys import KeyRing

    return KeyRing(_file(shell, keys, directory))


def _read(ring: KeyRing) -> dict[str, ApiKey]:
    from producers.gateway.api_keys import KeyFileBroken

    try:
        return ring.keys()
    except KeyFileBroken as error:
        raise Failure(str(error)) from None


def _written(write: Callable[[], object]) -> None:
    from producers.gateway.api_keys import KeyFileBroken

    try:
        write()
    except KeyFileBroken as error:
        raise Failure(str(error)) from None
    except OSError as error:
        msg = f"the file of the keys cannot be written ({error.strerror}): check the rights of its directory"
        raise Failure(msg) from None


def _tls(certificate: Path | None, private: Path | None, client_ca: Path | None) -> Tls | None:
    from producers.gateway.serving import Tls

    if certificate is None and private is None and client_ca is None:
        return None
    if certificate is None or private is None:
        msg = "--tls-cert and --tls-key belong together, and --tls-client-ca needs both"
        raise Misuse(msg)
    return Tls(certificate=certificate, key=private, client_ca=client_ca)


def _say_without_keys(shell: Shell, setting: Setting) -> None:
    from producers.gateway.api_keys import KeyRing

    if not _read(KeyRing(setting.keys_file)):
        shell.say(f"there is no API key in {setting.keys_file} yet: `lintas gateway key new` makes one")
