"""Commands for the local stack: up, down, status, wait."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.shell import DirectoryOption, Format, FormatOption, Shell, must_run, shell_of
from lintas.settings import LOCAL_HOST

if TYPE_CHECKING:
    from lintas.stack.supervisor import Supervisor

UP_SECONDS = 300.0
CONSOLE_PORT = 8470
DOWN_SECONDS = 90.0


class BrokerChoice(StrEnum):
    """Which broker `up` starts."""

    AUTO = "auto"
    KAFKA = "kafka"
    EMBEDDED = "embedded"


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(up)
    app.command()(down)
    app.command()(status)
    app.command()(wait)


def up(
    context: typer.Context,
    directory: DirectoryOption = None,
    broker: Annotated[
        BrokerChoice, typer.Option(help="auto takes Apache Kafka, else the pip-only broker.")
    ] = BrokerChoice.AUTO,
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything is ready.")] = False,
    console: Annotated[bool, typer.Option("--console", help="Serve the analysts' web console, too.")] = False,
    console_port: Annotated[int, typer.Option(min=1, max=65_535, help="Where the console listens.")] = CONSOLE_PORT,
) -> None:
    """Start the local stack: broker, ClickHouse, matcher and loader; Ctrl-C stops all of it."""
    shell = shell_of(context)
    port = console_port if console else None
    if detach:
        start_detached(shell, directory, broker, console_port=port)
    else:
        run_in_foreground(shell, directory, broker, port)


def run_in_foreground(shell: Shell, directory: Path | None, broker: BrokerChoice, console_port: int | None) -> None:
    """Be the supervisor until a signal comes."""
    import signal

    from lintas.cli.upping import announce_when_up, make_ready
    from lintas.stack.errors import AlreadyRunning
    from lintas.stack.supervisor import Supervisor

    settings = shell.settings(directory)
    # before the supervisor listens itself: what the preparation runs must not outlive it
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        ready = make_ready(shell, settings, broker.value, console_port)
        if ready is None:
            return
        settings, parts = ready
        say = announce_when_up(shell, settings)
        supervisor = Supervisor(settings.directory, parts, clock=shell.clock, say=say)
        serve(shell, supervisor, settings.metrics_of("supervisor"))
        supervisor.run()
    except AlreadyRunning:
        shell.say(f"the stack in {settings.directory} is already running: see `lintas status`")


def serve(shell: Shell, supervisor: Supervisor, address: str | None) -> None:
    """Answer for the supervisor; a port that is taken costs its metrics, never the stack."""
    from lintas.stack.vitals import serve_vitals

    if address is not None:
        try:
            serve_vitals(supervisor, address)
        except OSError as error:
            shell.say(f"no metrics of the supervisor: {address} cannot be listened on ({error.strerror})")


def start_detached(
    shell: Shell,
    directory: Path | None,
    broker: BrokerChoice,
    *,
    greet: bool = True,
    console_port: int | None = None,
) -> None:
    """Run `lintas up` out of sight and wait until it is up; an interrupt ends what was started."""
    from lintas.cli.upping import runs_already, say_addresses
    from lintas.local import choose_broker
    from lintas.stack.control import spawn_detached, wait_until_up

    settings = shell.settings(directory)
    where = settings.directory
    if runs_already(shell, settings):
        return
    chosen = choose_broker(
        broker.value, settings, shell.env, shell.say
    )  # what takes long or fails is said here, where it is read
    shell.say("starting …")
    argv: tuple[str, ...] = (
        sys.executable,
        "-m",
        "lintas",
        "up",
        "--dir",
        str(where.absolute()),
        "--broker",
        chosen.kind.value,
    )
    if console_port is not None:
        argv += ("--console", "--console-port", str(console_port))
    log = settings.places.log("supervisor")
    pid = spawn_detached(argv, log, env=dict(shell.env))
    try:
        wait_until_up(where, pid, log, timeout_seconds=UP_SECONDS)
    except (KeyboardInterrupt, SystemExit):
        end_supervisor(pid, where)
        raise
    if greet:
        say_addresses(shell, shell.settings(where))
        if console_port is not None:
            shell.say(f"the console is at http://{LOCAL_HOST}:{console_port}")


def end_supervisor(pid: int, directory: Path) -> None:
    """End a supervisor that may not have told of itself yet, and all that it started."""
    import signal

    from lintas.stack.control import stop
    from lintas.stack.processes import identify, signal_process, wait_until_gone

    process = identify(pid)
    if process is not None:
        signal_process(process, signal.SIGTERM)
        wait_until_gone([process], DOWN_SECONDS)
    stop(directory, DOWN_SECONDS)


def down(context: typer.Context, directory: DirectoryOption = None) -> None:
    """Stop the local stack; what was published and loaded stays in its directory."""
    from lintas.stack.control import stop

    shell = shell_of(context)
    where = shell.settings(directory).directory
    report = stop(where, DOWN_SECONDS)
    if not report.was_running:
        shell.say(f"no stack runs in {where}")
        return
    for name in report.killed:
        shell.say(f"{name} did not end when asked and was killed")
    shell.say(f"the stack in {where} is stopped; its data stay")


def status(context: typer.Context, directory: DirectoryOption = None, form: FormatOption = Format.TABLE) -> None:
    """What runs, how far matcher and loader are behind, and how far the registries have reported."""
    from lintas.cli.standing import show_status

    shell = shell_of(context)
    if not show_status(shell.settings(directory), shell.clock(), form):
        raise typer.Exit(1)


def wait(
    context: typer.Context,
    directory: DirectoryOption = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 120.0,
) -> None:
    """Return when everything that was published is assessed and loaded."""
    shell = shell_of(context)
    wait_with_progress(shell, directory, timeout)


def wait_with_progress(shell: Shell, directory: Path | None, timeout_seconds: float) -> None:
    """Wait, with what is left on a terminal, and what is waited for where that takes long."""
    from lintas.cli.progress import counting_down
    from lintas.waiting import store_is_away, wait_until_done

    settings = shell.reaching(directory, kafka=True)

    def check() -> None:
        if settings.kafka_is_local:
            must_run(settings)

    with counting_down("assessing and loading") as left:
        wait_until_done(
            settings,
            timeout_seconds=timeout_seconds,
            check=check,
            on_look=left,
            missing=lambda: store_is_away(settings),
            say=shell.say,
        )
