"""`status`: what runs, what is behind, how far the registries have reported."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lintas.cli.listing import Column, console, json_line, show
from lintas.cli.shell import Format
from lintas.cli.workers import LANES, detail, lane_rows, outcome_lines, outcome_rows
from lintas.failing import Failure
from lintas.lag import Lag, by_topic, lags_of, readers
from lintas.partstatus import PartStatus, read_part_status
from lintas.settings import Settings
from lintas.stack.processes import is_alive
from lintas.stack.state import PartState, StackState, Status, describe_exit, read_state

WORKERS = ("matcher", "loader")
ANSWER_SECONDS = 5
_PARTS = (
    Column(field="part"),
    Column(field="status"),
    Column(field="pid", right=True),
    Column(field="port", right=True),
    Column(field="restarts", right=True),
    Column(field="since", title="since (UTC)", is_time=True),
    Column(field="metrics"),
    Column(field="detail", wrap=True),
)
_LAGS = (Column(field="reader"), Column(field="topic"), Column(field="behind", right=True))
_MARKS = (
    Column(field="source"),
    Column(field="complete_up_to", title="complete up to (UTC)", is_time=True),
    Column(field="silent"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that is shown."""

    parts: list[dict[str, Any]]
    lags: list[Lag]
    marks: list[dict[str, Any]]
    reasons: list[str]
    """Why it is not well."""
    suppressed: dict[str, Any]
    """How many suppressions hold now, and how many verdicts have findings that do not count."""
    bodies: Mapping[str, Mapping[str, Any]]
    """What matcher and loader say of themselves, while they do."""


def show_status(settings: Settings, now: datetime, form: Format) -> bool:
    """Write the status; True if all is well."""
    parts, well = local_parts(settings, now) if _is_local(settings) else ([], True)
    bodies = _bodies(settings, now) if parts else {}
    reasons: list[str] = []
    down = {row["part"] for row in parts if not row["well"]}  # not asked: it would only time out
    lags = _lags(settings, reasons) if "broker" not in down else []
    marks, suppressed = _stored(settings, now, reasons) if "clickhouse" not in down else ([], {})
    well = well and not reasons
    standing = Standing(parts=parts, lags=lags, marks=marks, suppressed=suppressed, reasons=reasons, bodies=bodies)
    if form is Format.TABLE:
        _write_tables(settings, standing)
    else:
        _write_lines(standing, form)
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
    return [_supervisor_row(settings, state), *rows], all(row["well"] for row in rows)


def _supervisor_row(settings: Settings, state: StackState) -> dict[str, Any]:
    return {
        "part": "supervisor",
        "status": state.phase.value,
        "pid": state.supervisor.pid,
        "well": True,
        "metrics": settings.metrics_of("supervisor"),
    }


def _bodies(settings: Settings, now: datetime) -> dict[str, Mapping[str, Any]]:
    state = read_state(settings.directory)
    workers = [part for part in state.parts if part.name in WORKERS] if state else []
    found = {part.name: _own_status(settings, part) for part in workers}
    return {name: status.body for name, status in found.items() if status is not None and status.is_fresh(now)}


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
    if part.name in WORKERS and part.process is not None:
        status = _own_status(settings, part)
        if status is not None and status.is_fresh(now):
            row["detail"], row["metrics"] = detail(status.body, ready=status.ready), status.body.get("metrics")
            well = well and status.ready
        elif well:
            row["detail"], well = _silent(status, now), False
    if part.status is Status.BACKING_OFF and part.last_exit is not None:
        row["detail"] = f"ended with {describe_exit(part.last_exit)}, will be started again"
    return {**row, "well": well}


def _own_status(settings: Settings, part: PartState) -> PartStatus | None:
    """What this process says; what one that was killed a moment ago said does not count."""
    status = read_part_status(settings.places.status(part.name))
    return status if status is not None and part.process is not None and status.pid == part.process.pid else None


def _silent(status: PartStatus | None, now: datetime) -> str:
    if status is None:
        return "says nothing of itself"
    return f"has said nothing of itself for {(now - status.at).total_seconds():.0f} s: it hangs, or is stopped"


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


def _stored(settings: Settings, now: datetime, reasons: list[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from clickhouse_driver.errors import Error

    from lintas.store import open_client
    from sinks.queries import suppression_counts

    try:
        with open_client(settings, answer_seconds=ANSWER_SECONDS) as client:
            found = client.execute("SELECT source, complete_up_to, silent FROM watermarks ORDER BY source")
            suppressed = suppression_counts(client, now=now)
    except Failure as error:
        reasons.append(str(error))
        return [], {}
    except (Error, OSError, EOFError) as error:
        reasons.append(f"ClickHouse does not answer as it should ({type(error).__name__}): run `lintas doctor`")
        return [], {}
    marks = [{"source": source, "complete_up_to": at, "silent": bool(silent)} for source, at, silent in found]
    return marks, suppressed


def _topic_rows(lags: list[Lag]) -> list[dict[str, Any]]:
    return [
        {"reader": reader.removeprefix("lintas-"), "topic": topic, "behind": behind}
        for (reader, topic), behind in by_topic(lags).items()
    ]


def _write_tables(settings: Settings, standing: Standing) -> None:
    out = console()
    kind = {"kafka": "Apache Kafka", "embedded": "pip-only broker"}[settings.broker_kind.value]
    out.print(f"[bold]{settings.directory}[/bold]  {kind} at {','.join(settings.kafka)}", highlight=False)
    if standing.parts:
        show(standing.parts, _PARTS, Format.TABLE)
    lanes = lane_rows(standing.bodies.get("matcher") or {})
    if lanes:
        show(lanes, LANES, Format.TABLE)
    for line in outcome_lines(outcome_rows(standing.bodies)):
        sys.stdout.write(f"{line}\n")
    late = [row for row in _topic_rows(standing.lags) if row["behind"]]
    if late:
        show(late, _LAGS, Format.TABLE)
    elif standing.lags:
        sys.stdout.write("matcher and loader are up to date\n")
    if any(standing.suppressed.values()):
        counts = standing.suppressed
        said = f"{counts['suppressions']} suppressions hold, on {counts['verdicts']} verdicts findings do not count"
        sys.stdout.write(f"{said}: see `lintas suppressions`\n")
    show(standing.marks, _MARKS, Format.TABLE, empty="no registry has sent a heartbeat yet")
    for reason in standing.reasons:
        sys.stdout.write(f"not well: {reason}\n")
    sys.stdout.flush()


def _write_lines(standing: Standing, form: Format) -> None:
    rows = [{"kind": "part", **row} for row in standing.parts]
    rows += [
        {
            "kind": "lag",
            "reader": lag.reader.removeprefix("lintas-"),
            "topic": lag.topic,
            "partition": lag.partition,
            "behind": lag.behind,
        }
        for lag in standing.lags
    ]
    rows += [{"kind": "watermark", **mark} for mark in standing.marks]
    rows += [{"kind": "suppressed", **standing.suppressed}] if standing.suppressed else []
    rows += [{"kind": "lane", **row} for row in lane_rows(standing.bodies.get("matcher") or {})]
    rows += [{"kind": "outcome", **row} for row in outcome_rows(standing.bodies)]
    rows += [{"kind": "problem", "detail": reason} for reason in standing.reasons]
    if form is Format.JSON:
        for row in rows:
            sys.stdout.write(json_line(row))
        sys.stdout.flush()
        return
    names = dict.fromkeys(name for row in rows for name in row)
    show(rows, [Column(field=name) for name in names], Format.CSV)
