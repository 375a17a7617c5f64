"""What goes into a log: ids and counts by name, JSON for machines, never the text of an unexpected error."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from sinks.logs import set_up_logging as set_up_loader
from streams.__main__ import told
from streams.logs import set_up_logging as set_up_matcher
from streams.topology import MatcherError

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
FIELDS = {
    *("lane", "lanes", "kept", "dropped", "topic", "table", "count", "records", "total", "facts", "events"),
    *("transactions", "batches", "error", "address", "name", "seconds", "file", "mend", "stage"),
    *("route", "method", "status", "bearer"),
}
"""Numbers, names of this program's own, and classes or codes of errors."""
SECRET = "ZWQORILLA 5399992911619471"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(source: str) -> list[ast.Call]:
    """Every call of `log.LEVEL(...)`."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
    ]


def is_plain(event: ast.expr) -> bool:
    """A constant, a progress line, or a sentence whose only variable is the place that does not answer."""
    if isinstance(event, ast.JoinedStr):
        held = {ast.unparse(part.value) for part in event.values if isinstance(part, ast.FormattedValue)}
        return held <= {"what", "self.what", "self._name"}
    return isinstance(event, ast.Constant) or (
        isinstance(event, ast.Call) and isinstance(event.func, ast.Name) and event.func.id == "progress_line"
    )


def faults(source: str) -> list[str]:
    wrong = []
    for call in logged(source):
        event, *rest = call.args
        if not is_plain(event) or (rest and "%" not in str(getattr(event, "value", ""))):
            wrong.append(f"line {call.lineno}: an event is a constant text")
        wrong += [f"line {call.lineno}: {k.arg}" for k in call.keywords if k.arg and k.arg not in FIELDS]
        for keyword in call.keywords:
            if keyword.arg == "error" and isinstance(keyword.value, ast.Name) and keyword.value.id == "error":
                wrong.append(f"line {call.lineno}: an error by its class, not its text")
    return wrong


def test_every_log_call_carries_ids_and_counts_only() -> None:
    seen = 0
    for room in ("schemas", "producers", "streams", "sinks", "lintas"):
        for path in (ROOT / room).rglob("*.py"):
            seen += len(logged(path.read_text()))
            assert faults(path.read_text()) == [], path
    assert seen > 10


@pytest.mark.parametrize(
    "source", ['log.info("x", block=1)', 'log.info(f"read {row}")', 'log.warning("x", error=error)', "log.info(row)"]
)
def test_a_forbidden_field_is_seen(source: str) -> None:
    assert faults(source)


@pytest.mark.parametrize("set_up", [set_up_matcher, set_up_loader])
def test_logs_are_json_for_machines_and_lines_on_a_terminal(set_up: object) -> None:
    assert callable(set_up)
    out, screen = io.StringIO(), Terminal()
    for stream in (out, screen):
        set_up(stream)
        structlog.get_logger(f"streams.{id(stream)}").info("lane open", lane=3)
        logging.getLogger("aiokafka").error("no broker")
        structlog.reset_defaults()
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["event"], row["level"]) for row in rows] == [("lane open", "info"), ("no broker", "error")]
    assert rows[0]["lane"] == 3
    assert all("timestamp" in row for row in rows)
    assert "lane open" in screen.getvalue()
    assert "{" not in screen.getvalue()


@pytest.mark.parametrize("set_up", [set_up_matcher, set_up_loader])
def test_the_text_of_an_unexpected_error_reaches_no_log(set_up: object) -> None:
    assert callable(set_up)
    out = io.StringIO()
    set_up(out)
    try:
        raise KeyError(SECRET)
    except KeyError:
        logging.getLogger("mode").exception("crashed")
    assert "KeyError" in out.getvalue()
    assert SECRET.split()[0] not in out.getvalue()


def test_the_last_words_of_a_matcher_quote_no_record() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        words = told(error)
    assert SECRET not in words
    assert "unexpected ValueError" in words
    assert "unit/test_logs.py" in words
    assert told(MatcherError("the topic was made anew")) == "the topic was made anew"
