"""`status`: what runs, what is behind, how far the registries have reported."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lintas.cli.listing import Column, console, json_line, show
from lintas.cli.shell import Format
from lintas.failing import Failure
from lintas.lag import Lag, by_topic, lags_of, readers
from lintas.partstatus import PartStatus, read_part_status
from lintas.settings import Settings
from lintas.stack.processes import is_alive
from lintas.stack.state import PartState, StackState, Status, read_state

WORKERS = ("matcher", "loader")
_PARTS = (
    Column(field="part"),
    Column(field="status"),
    Column(field="pid", right=True),
    Column(field="port", right=True),
    Column(field="restarts", right=True),
    Column(field="since", title="since (UTC)", is_time=True),
    Column(field="detail", wrap=True),
)
_LAGS = (Column(field="reader"), Column(field="topic"), Column(field="behind", right=True))
_MARKS = (
    Column(field="source"),
    Column(field="complete_up_to", title="complete up to (UTC)", is_time=True),
    Column(field="silent"),
)


def show_status(settings: Settings, now: datetime, form: Format) -> bool:
    """Write the status; True if all is well."""
    parts, well = local_parts(settings, now) if _is_local(settings) else ([], True)
    reasons: list[str] = []
    down = {row["part"] for row in parts if not row["well"]}  # not asked: it would only time out
    lags = _lags(settings, reasons) if "broker" not in down else []
    marks = _watermarks(settings, reasons) if "clickhouse" not in down else []
    well = well and not reasons
    if form is Format.TABLE:
        _write_tables(settings, parts, lags, marks, reasons)
    else:
        _write_lines(parts, lags, marks, reasons, form)
    return well


def local_parts(settings: Settings, now: datetime) -> tuple[list[dict[str, Any]], bool]:
    """A row for each part of the local stack, and whether all are well.

    Raises:
        Failure: no stack runs.
    """
    state = read_state(settings.directory)
    if state is None or not is_alive(state.supervisor):
        where = settings.directory
        told = f" ({state.message.splitlines()[0]})" if state and state.message else ""
        msg = f"no stack runs in {where}{told}: start it with `lintas up --dir {where}`"
        raise Failure(msg)
    rows = [_part_row(settings, part, now) for part in state.parts]
    return [_supervisor_row(state), *rows], all(row["well"] for row in rows)


def _supervisor_row(state: StackState) -> dict[str, Any]:
    return {"part": "supervisor", "status": state.phase.value, "pid": state.supervisor.pid, "well": True}


def _part_row(settings: Settings, part: PartState, now: datetime) -> dict[str, Any]:
    well = part.status is Status.DONE or (
        part.status is Status.READY and part.process is not None and is_alive(part.process)
    )
    row: dict[str, Any] = {
        "part": part.name,
        "status": part.status.value,
        "pid": part.process.pid if part.process else None,
        "port": part.port,
        "restarts": part.restarts,
        "since": part.since,
        "detail": "",
    }
    if part.name in WORKERS:
        status = read_part_status(settings.places.status(part.name))
        waiting = status.body.get("waiting_for") if status is not None and status.is_fresh(now) else None
        if waiting:
            row["detail"] = f"waiting for {waiting}"
        elif well:
            row["detail"] = _detail(status, now)
        well = well and status is not None and status.is_fresh(now) and status.ready
    return {**row, "well": well}


def _detail(status: PartStatus | None, now: datetime) -> str:
    if status is None or not status.is_fresh(now):
        return "says nothing of itself"
    lanes = status.body.get("lanes")
    if not isinstance(lanes, Mapping):
        return "ready" if status.ready else "not ready"
    told = []
    for number, lane in lanes.items():
        progress = f"{lane.get('facts', 0)} facts"
        if lane.get("state") != "open":
            progress = f"{lane.get('state')}, {lane.get('replayed')} records read again"
        told.append(f"{number}: {progress}")
    return "lanes " + ", ".join(told)


def _is_local(settings: Settings) -> bool:
    return settings.kafka_is_local or settings.clickhouse_is_local


def _lags(settings: Settings, reasons: list[str]) -> list[Lag]:
    from kafka.errors import KafkaError

    from lintas.topics_admin import admin_of

    try:
        with admin_of(settings.kafka_or_fail()) as admin:
            return [lag for group, topics in readers().items() for lag in lags_of(admin, group, topics)]
    except Failure as error:
        reasons.append(str(error))
    except (KafkaError, OSError) as error:
        reasons.append(f"Kafka does not say how far matcher and loader are ({type(error).__name__})")
    return []


def _watermarks(settings: Settings, reasons: list[str]) -> list[dict[str, Any]]:
    from clickhouse_driver.errors import Error

    from lintas.store import open_client

    try:
        with open_client(settings) as client:
            found = client.execute("SELECT source, complete_up_to, silent FROM watermarks ORDER BY source")
    except Failure as error:
        reasons.append(str(error))
        return []
    except (Error, OSError, EOFError) as error:
        reasons.append(f"ClickHouse does not answer as it should ({type(error).__name__}): run `lintas doctor`")
        return []
    return [{"source": source, "complete_up_to": at, "silent": bool(silent)} for source, at, silent in found]


def _topic_rows(lags: list[Lag]) -> list[dict[str, Any]]:
    return [
        {"reader": reader.removeprefix("lintas-"), "topic": topic, "behind": behind}
        for (reader, topic), behind in by_topic(lags).items()
    ]


def _write_tables(
    settings: Settings, parts: list[dict[str, Any]], lags: list[Lag], marks: list[dict[str, Any]], reasons: list[str]
) -> None:
    out = console()
    kind = {"kafka": "Apache Kafka", "embedded": "pip-only broker"}[settings.broker_kind.value]
    out.print(f"[bold]{settings.directory}[/bold]  {kind} at {','.join(settings.kafka)}", highlight=False)
    if parts:
        show(parts, _PARTS, Format.TABLE)
    late = [row for row in _topic_rows(lags) if row["behind"]]
    if late:
        show(late, _LAGS, Format.TABLE)
    elif lags:
        sys.stdout.write("matcher and loader are up to date\n")
    show(marks, _MARKS, Format.TABLE, empty="no registry has sent a heartbeat yet")
    for reason in reasons:
        sys.stdout.write(f"not well: {reason}\n")
    sys.stdout.flush()


def _write_lines(
    parts: list[dict[str, Any]], lags: list[Lag], marks: list[dict[str, Any]], reasons: list[str], form: Format
) -> None:
    rows = [{"kind": "part", **row} for row in parts]
    rows += [
        {
            "kind": "lag",
            "reader": lag.reader.removeprefix("lintas-"),
            "topic": lag.topic,
            "partition": lag.partition,
            "behind": lag.behind,
        }
        for lag in lags
    ]
    rows += [{"kind": "watermark", **mark} for mark in marks]
    rows += [{"kind": "problem", "detail": reason} for reason in reasons]
    if form is Format.JSON:
        for row in rows:
            sys.stdout.write(json_line(row))
        sys.stdout.flush()
        return
    names = dict.fromkeys(name for row in rows for name in row)
    show(rows, [Column(field=name) for name in names], Format.CSV)
