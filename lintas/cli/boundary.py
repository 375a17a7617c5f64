"""Where every error becomes one line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from lintas.cli.app import app
from lintas.cli.shell import Shell
from lintas.failing import Failure
from lintas.settings import DEFAULT_DIRECTORY

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


def run(arguments: Sequence[str], shell: Shell) -> int:
    """Run one command; its exit code."""
    command = typer.main.get_command(app)
    try:
        code = command.main(list(arguments), prog_name="lintas", standalone_mode=False, obj=shell)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _close_stdout()
        return DONE  # whoever read us has enough
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # typer makes exit code 1 of it
            _close_stdout()
            return DONE
        return end.code if isinstance(end.code, int) else FAILED
    except Exception as error:
        return _failed(error, shell.env, arguments)
    return code if isinstance(code, int) else DONE


def _misused(error: typer.TyperException) -> int:
    told = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "lintas"
    hint = f" (see `{path} --help`)"
    return _say(f"{one_line(told)}{hint}", MISUSED)


def _failed(error: Exception, env: Mapping[str, str], arguments: Sequence[str]) -> int:
    if isinstance(error, Failure):
        return _say(str(error), error.exit_code)
    known = explain_known(error)
    if known is not None:
        if env.get("LINTAS_TRACEBACK") == "1":
            traceback.print_exception(error, file=sys.stderr)
        return _say(known, FAILED)
    return _say(_unexpected(error, env, arguments), FAILED)


def explain_known(error: Exception) -> str | None:
    """The line for an error that operators can mend; None = it is a defect of ours.

    Nothing is imported for it: an error of a library means that the library is loaded.
    """
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    if names & _OUR_ERRORS:
        return str(error)
    if "kafka.errors.KafkaError" in names:
        return f"Kafka does not answer as it should ({type(error).__name__}): see `lintas status`"
    if "clickhouse_driver.errors.Error" in names or isinstance(error, EOFError):
        code = getattr(error, "code", None)
        return f"ClickHouse does not answer as it should ({type(error).__name__}, code {code}): see `lintas doctor`"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename is not None else ""
        return f"{where}{error.strerror or type(error).__name__}"
    return None


_OUR_ERRORS = frozenset(
    {
        "lintas.stack.errors.StackError",
        "lintas.clickhouse.errors.StartError",
        "producers.publisher.PublishingFailed",
        "producers.rows.UnreadableFile",
        "schemas.identity.tokens.KeyFileError",
        "sinks.errors.StoreError",
        "streams.policy.PolicyError",
        "streams.settings.SettingsError",
    }
)


def _unexpected(error: Exception, env: Mapping[str, str], arguments: Sequence[str]) -> str:
    """One line; the traceback goes to a file of its own, or to stderr on wish."""
    what = f"unexpected {type(error).__name__}"
    if env.get("LINTAS_TRACEBACK") == "1":
        sys.stderr.write(traceback_of(error))
        return what
    file = _directory(env, arguments) / "log" / "traceback.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(traceback_of(error))
    except OSError:
        return f"{what}: set LINTAS_TRACEBACK=1 to see where"
    return f"{what}; the traceback is in {file}: please report it"


def traceback_of(error: BaseException) -> str:
    """Where an error came from, without the texts of the exceptions: those of a reader may quote a person's row."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    lines: list[str] = []
    one: traceback.TracebackException | None = told
    while one is not None:
        lines += ["Traceback (most recent call last):\n", *one.stack.format(), f"{type_name(one)}: (text left out)\n"]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if one is not None:
            lines.append("\nwhich came of:\n\n")
    return "".join(lines)


def type_name(told: traceback.TracebackException) -> str:
    """The class of the exception."""
    kind = told.exc_type
    return kind.__qualname__ if kind is not None else "Exception"


def _directory(env: Mapping[str, str], arguments: Sequence[str]) -> Path:
    given = list(arguments)
    if "--dir" in given[:-1]:
        return Path(given[given.index("--dir") + 1])
    return Path(env.get("LINTAS_DIR") or DEFAULT_DIRECTORY)


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(text.split())


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"lintas: {text.rstrip()}\n")
    sys.stderr.flush()
    return code


def _close_stdout() -> None:
    """Python flushes stdout at its end, and would complain of the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
