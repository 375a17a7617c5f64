"""What `up` does before and after the supervisor runs: choose the broker, prepare the directory, say how to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lintas.cli.shell import Shell
from lintas.failing import Failure
from lintas.local import choose_broker, parts_of, prepare
from lintas.settings import Settings
from lintas.stack.parts import Part


def runs_already(shell: Shell, settings: Settings) -> bool:
    """Make the directory, and see whether a stack runs there; says so.

    Raises:
        Failure: the directory cannot be written.
    """
    from lintas.stack.control import is_running

    where = settings.directory
    try:
        (where / "run").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the directory {where} cannot be used ({error.strerror}): choose another --dir"
        raise Failure(msg) from None
    if is_running(where):
        shell.say(f"the stack in {where} is already running: see `lintas status`")
        return True
    return False


def make_ready(
    shell: Shell, settings: Settings, wanted: str, console_port: int | None
) -> tuple[Settings, Sequence[Part]] | None:
    """Prepare the directory while nobody else can; None = a stack runs there already."""
    from lintas.stack.lock import hold_lock

    if runs_already(shell, settings):
        return None
    broker = choose_broker(wanted, settings, shell.env, shell.say)
    with hold_lock(settings.directory):
        made = prepare(broker, shell.env, settings.directory, say=shell.say)
        return made, parts_of(broker, made, shell.env, shell.clock, console_port=console_port)


def announce_when_up(shell: Shell, settings: Settings) -> Callable[[str], None]:
    """Hears the supervisor's events, passes them on, and says the addresses once all parts are ready."""
    from lintas.stack.supervisor import ALL_READY

    def hear(event: str) -> None:
        shell.say(event)
        if event == ALL_READY:
            say_addresses(shell, settings)

    return hear


def say_addresses(shell: Shell, settings: Settings) -> None:
    """Where the stack answers, and what to do next."""
    click, where = settings.clickhouse_or_fail(), settings.directory
    kind = "Apache Kafka" if settings.broker_kind.value == "kafka" else "pip-only broker"
    option = "" if str(where) == ".lintas" else f" --dir {where}"
    shell.say(
        f"""
the stack is up
  {kind + ":":<17}{",".join(settings.kafka)}
  ClickHouse:      {click.host}:{click.port} (native protocol), database {click.database},
                   users lintas and analyst (read only), passwords in {settings.places.clickhouse}
  linkage key:     {settings.places.key}

go on with
  lintas simulate --out sample
  lintas publish departures sample/departures.csv{option}         (likewise heartbeats, reports)
  lintas publish crossings sample/crossings-kepri.csv{option}     (likewise kalbar, kaltara)
  lintas wait{option} && lintas flags{option}
stop it with
  lintas down{option}"""
    )
