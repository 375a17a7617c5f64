"""Commands around the console: serve it, its users, its audit; and the indicators that it shows."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lintas.cli.listing import Column, show
from lintas.cli.shell import (
    DirectoryOption,
    Format,
    FormatOption,
    ProvinceOption,
    optional_time,
    shell_of,
)
from lintas.cli.stack import CONSOLE_PORT
from lintas.failing import Failure, Misuse
from lintas.settings import LOCAL_HOST

if TYPE_CHECKING:
    from console.audit import Audit
    from console.users import Users

_USERS = (Column(field="name"), Column(field="role"), Column(field="province"), Column(field="disabled"))
_INDICATORS = (
    Column(field="step", right=True),
    Column(field="indicator"),
    Column(field="area"),
    Column(field="value", right=True),
    Column(field="of", right=True),
    Column(field="unit"),
    Column(field="withheld"),
    Column(field="method_en", title="method", wrap=True),
    Column(field="unknown_en", title="not known", wrap=True),
)
users_app = typer.Typer(help="Who may log in to the console.", no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(help="Who read or did what in the console.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(console)
    app.command()(indicators)
    app.add_typer(users_app, name="users")
    app.add_typer(audit_app, name="audit")


def console(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens.")] = CONSOLE_PORT,
    host: Annotated[str, typer.Option(help="The address it listens on.")] = LOCAL_HOST,
    behind_tls: Annotated[
        bool, typer.Option("--behind-tls", help="A proxy speaks TLS in front: cookies are for it only.")
    ] = False,
    refresh: Annotated[int, typer.Option(min=2, max=3600, help="Seconds between two looks of a live page.")] = 10,
    directory: DirectoryOption = None,
) -> None:
    """Serve the analysts' web console until Ctrl-C; log in with a user of `lintas users add`."""
    from lintas.consoling import desk_of, serve
    from lintas.stack.ports import port_is_free

    shell = shell_of(context)
    settings = shell.reaching(directory, kafka=True, clickhouse=True)
    desk = desk_of(settings, shell.clock, https=behind_tls, refresh_seconds=refresh)
    if host == LOCAL_HOST and not port_is_free(port):
        msg = f"port {port} is used by another program: choose another --port"
        raise Failure(msg)
    if not desk.users.every():
        shell.say("nobody can log in yet: `lintas users add NAME --role analyst`")
    shell.say(f"the console is at http://{host}:{port}")
    serve(desk, host=host, port=port)


@users_app.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Small letters, digits, dots and dashes.")],
    role: Annotated[str, typer.Option(help="viewer, analyst, supervisor, province_officer, auditor or report_editor.")],
    province: ProvinceOption = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    directory: DirectoryOption = None,
) -> None:
    """Add a user; says once what the user's authenticator application has to read."""
    users, audit = _open(context, directory)
    from console.access import Role
    from console.users import User, UserError, provisioning_uri

    if role not in set(Role):
        msg = f"there is no role {role}: {', '.join(Role)}"
        raise Misuse(msg)
    user = User(name=name, role=Role(role), province=province.value if province else "")
    at = shell_of(context).clock()
    try:
        secret = users.add(user, _password(stdin=password_stdin), at=at)
    except UserError as error:
        raise Misuse(str(error)) from None
    audit.add(at=at, who=_operator(), action="user_add", subject=name, detail=f"{role} {user.province}".strip())
    sys.stdout.write(f"{name} may log in as {role}. For the authenticator application, shown this once:\n")
    sys.stdout.write(f"  {provisioning_uri(name, secret)}\n")


@users_app.command("list")
def every(context: typer.Context, form: FormatOption = Format.TABLE, directory: DirectoryOption = None) -> None:
    """Everybody who may log in."""
    users, _ = _open(context, directory)
    rows = (
        {"name": one.name, "role": one.role.value, "province": one.province, "disabled": one.disabled}
        for one in users.every()
    )
    show(rows, _USERS, form, empty="nobody: `lintas users add`")


@users_app.command("disable")
def disable(context: typer.Context, name: str, directory: DirectoryOption = None) -> None:
    """Let somebody in no more; their sessions end at once."""
    _switch(context, name, directory, disabled=True)


@users_app.command("enable")
def enable(context: typer.Context, name: str, directory: DirectoryOption = None) -> None:
    """Let somebody in again."""
    _switch(context, name, directory, disabled=False)


@users_app.command("password")
def password(
    context: typer.Context,
    name: str,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    directory: DirectoryOption = None,
) -> None:
    """Give a new password; sessions end at once."""
    users, audit = _open(context, directory)
    from console.users import UserError

    try:
        users.set_password(name, _password(stdin=password_stdin))
    except UserError as error:
        raise Misuse(str(error)) from None
    audit.add(at=shell_of(context).clock(), who=_operator(), action="user_password", subject=name)


@audit_app.command("verify")
def verify(
    context: typer.Context,
    expect: Annotated[
        str | None, typer.Option(metavar="HEAD", help="A head noted earlier; it must still be in the chain.")
    ] = None,
    directory: DirectoryOption = None,
) -> None:
    """Walk the whole chain: exit code 1 where any row was changed or is missing."""
    _, audit = _open(context, directory)
    found = audit.verify()
    faults = [*found.faults]
    if expect is not None and not audit.holds(expect):
        faults.append(f"the chain does not hold the head {expect}")
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{found.rows} rows, head {found.head}\n")
    if faults:
        msg = "the audit was tampered with"
        raise Failure(msg)


def indicators(
    context: typer.Context,
    province: ProvinceOption = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="Crossings and registrations from then on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="And before then.")] = None,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """The eight steps of NTT in figures, with how each is counted and what is not known."""
    from lintas.store import open_client
    from sinks.indicators import COLUMNS
    from sinks.indicators import indicators as measured

    shell = shell_of(context)
    with open_client(shell.reaching(directory, clickhouse=True)) as client:
        rows = measured(
            client,
            now=shell.clock(),
            province=province.value if province else "",
            since=optional_time(since),
            until=optional_time(until),
        )
    columns = _INDICATORS if form is Format.TABLE else [Column(field=name) for name in COLUMNS]
    show(rows, columns, form)


def _open(context: typer.Context, directory: Path | None) -> tuple[Users, Audit]:
    from lintas.consoling import users_and_audit

    return users_and_audit(shell_of(context).settings(directory).directory)


def _switch(context: typer.Context, name: str, directory: Path | None, *, disabled: bool) -> None:
    users, audit = _open(context, directory)
    from console.users import UserError

    try:
        users.set_disabled(name, disabled=disabled)
    except UserError as error:
        raise Misuse(str(error)) from None
    action = "user_disable" if disabled else "user_enable"
    audit.add(at=shell_of(context).clock(), who=_operator(), action=action, subject=name)


def _password(*, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("password: ")


def _operator() -> str:
    from lintas.reviewing import current_user

    return f"os:{current_user()}"
