"""What a demonstration shows: flags with their reasons, one explanation in full, the books, planted against found."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lintas.cli.listing import Column, console, show
from lintas.cli.shell import Format, Shell
from lintas.scoring import Tally, compare, compare_groups, read_groups, read_truth

if TYPE_CHECKING:
    from clickhouse_driver import Client

TOP = 15
_FLAGS = (
    Column(field="event", title="perlintasan"),
    Column(field="at", title="waktu setempat"),
    Column(field="score", title="skor", right=True),
    Column(field="reasons", title="alasan", wrap=True),
)
_GROUPS = (
    Column(field="cluster_id", title="kelompok", most=34),
    Column(field="score", title="skor", right=True),
    Column(field="rules", title="aturan"),
    Column(field="member_count", title="perlintasan", right=True),
    Column(field="members", title="anggota", wrap=True),
)
_BOOKS = tuple(
    Column(field=name, right=name != "province")
    for name in ("province", "published", "assessed", "rejected", "duplicate")
)
_TALLY = (
    Column(field="rule"),
    Column(field="planted", right=True),
    Column(field="found", right=True),
    Column(field="false", right=True),
)


def show_results(shell: Shell, directory: Path, truth: Path) -> None:
    """Write everything to stdout."""
    from lintas.explaining import Told, explanation
    from lintas.policies import policy_of
    from lintas.store import open_client
    from sinks import queries
    from sinks.explaining import explain

    policy = policy_of(shell.settings(directory))
    with open_client(shell.settings(directory)) as client:
        found = list(queries.flags(client, status=queries.ANY))
        flagged = sorted((f for f in found if f["status"] == "FLAGGED"), key=lambda f: (-f["score"], f["occurred_at"]))
        _title(f"{len(flagged)} of {len(found)} crossings are flagged for review; the {min(TOP, len(flagged))} highest")
        top = [entry for flag in flagged[:TOP] for entry in explain(client, flag["event_id"], flag["province"])]
        show([_flag_row(entry) for entry in top], _FLAGS, Format.TABLE, empty="no flags")
        if top:
            example = max(top, key=lambda e: len(e["departures"]) + len(e["crossings"]) + len(e["history"]))
            _title(f"one in full: lintas explain {example['event_id']}")
            sys.stdout.write(explanation(Told.of(example, policy.review_threshold), "id"))
        _show_groups(client, truth)
        _show_books(client)
    _title("planted by the simulator and found by the rules")
    show(_tally_rows(compare(read_truth(truth), found)), _TALLY, Format.TABLE)
    sys.stdout.flush()


def _show_groups(client: Client, truth: Path) -> None:
    from sinks import queries

    groups = list(queries.clusters(client))
    flagged = [row for row in groups if row["status"] == "FLAGGED"]
    _title(f"{len(flagged)} groups are flagged for review; {len(groups) - len(flagged)} more are explained or weak")
    show(flagged[:TOP], _GROUPS, Format.TABLE, empty="no groups")
    _title("planted groups and found ones")
    show(_tally_rows(compare_groups(read_groups(truth), groups)), _TALLY, Format.TABLE)


def _show_books(client: Client) -> None:
    from sinks import queries

    _title("everything is accounted for: published = assessed + rejected + duplicate")
    show(queries.accounting(client), _BOOKS, Format.TABLE)


def _flag_row(entry: Mapping[str, Any]) -> dict[str, Any]:
    from schemas.placing import local_time

    verdict = entry["assessment"]
    return {
        "event": f"{entry['province']}/{entry['event_id']}",
        "at": local_time(verdict["occurred_at"], verdict["checkpoint_id"]),
        "score": verdict["score"],
        "reasons": " ".join(f"{f['rule']}: {f['sentence_id']}" for f in verdict["findings"]),
    }


def _tally_rows(tallies: Mapping[str, Tally]) -> Iterable[dict[str, Any]]:
    total = Tally()
    for rule, tally in sorted(tallies.items()):
        total.planted += tally.planted
        total.found += tally.found
        total.false += tally.false
        yield {"rule": rule, **asdict(tally)}
    yield {"rule": "all", **asdict(total)}


def _title(text: str) -> None:
    sys.stdout.write("\n")
    sys.stdout.flush()
    console().rule(f"[bold]{text}[/bold]", align="left", characters="─")
