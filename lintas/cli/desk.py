"""Commands of the analysts' desk: review a crossing, and list where reviews stand."""

from __future__ import annotations

import sys
from typing import Annotated

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
from lintas.failing import Failure, Misuse
from schemas.vocabulary import CaseState, ReviewMove, ReviewVerdict

LOAD_SECONDS = 20.0
_CASES = (
    Column(field="event_id"),
    Column(field="province"),
    Column(field="occurred_at", title="occurred at (UTC)", is_time=True),
    Column(field="status"),
    Column(field="score", right=True),
    Column(field="rules", wrap=True),
    Column(field="state"),
    Column(field="assignee"),
    Column(field="due_at", title="due (UTC)", is_time=True),
    Column(field="snoozed_until", title="snoozed until", is_time=True),
    Column(field="late_withdrawal", title="late withdrawal"),
)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(review)
    app.command()(cases)


def review(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(help="The crossing that is reviewed.")],
    verdict: Annotated[ReviewVerdict | None, typer.Option(help="What the review came to; closes it.")] = None,
    move: Annotated[ReviewMove, typer.Option(help="What is done with the flag.")] = ReviewMove.CLOSE,
    note: Annotated[str, typer.Option(help="Why, without names and numbers of persons.")] = "",
    assignee: Annotated[str | None, typer.Option(help="Who has it from now on; for `assign`.")] = None,
    due: Annotated[str | None, typer.Option(metavar="T", help="Until when it is to be concluded.")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="Until when it rests; for `snooze`.")] = None,
    province: ProvinceOption = None,
    reviewer: Annotated[str | None, typer.Option(help="Who reviewed.  [default: your user name]")] = None,
    directory: DirectoryOption = None,
) -> None:
    """Move the review of a crossing: into its history, through the log; what the lifecycle forbids is refused."""
    from lintas.reviewing import ReviewLog, check_texts, current_user, the_province
    from lintas.store import open_client
    from sinks.moves import Move, MoveRefused, review_for, wait_for

    shell = shell_of(context)
    _check_options(move, verdict, assignee, until)
    settings = shell.reaching(directory, kafka=True, clickhouse=True)
    who, at = reviewer or current_user(), shell.clock()
    check_texts(at, note, who, assignee or "")
    with open_client(settings) as client:
        wanted = Move(
            event_id=event_id,
            province=the_province(client, event_id, province),
            move=move,
            verdict=verdict,
            note=note,
            assignee=assignee,
            due_at=optional_time(due),
            snoozed_until=optional_time(until),
        )
        log = ReviewLog(settings)
        try:
            done = review_for(client, wanted, reviewer=who, at=at)
            log.write(done)
        except MoveRefused as refused:
            raise Misuse(str(refused)) from None
        finally:
            log.close()
        counts = wait_for(client, done, seconds=LOAD_SECONDS)
    if counts is False:
        msg = "somebody else was first: the move stands in the history and does not count; look at the case again"
        raise Failure(msg)
    if counts is None:
        shell.say("the move is in the log and not loaded yet: see `lintas wait`")
    what = f"reviewed as {verdict.value}" if verdict else move.value
    sys.stdout.write(f"{done.province.value}/{done.event_id}: {what} by {done.reviewer}\n")


def cases(
    context: typer.Context,
    province: ProvinceOption = None,
    state: Annotated[CaseState | None, typer.Option(help="Only where the review stands so.")] = None,
    attention: Annotated[
        bool, typer.Option("--attention", help="Only closed cases that ask for another look.")
    ] = False,
    assignee: Annotated[str | None, typer.Option(help="Only theirs.")] = None,
    form: FormatOption = Format.TABLE,
    directory: DirectoryOption = None,
) -> None:
    """Where the reviews of flags stand: who has what, until when, and what asks for another look."""
    from lintas.store import open_client
    from sinks.casework import ATTENTION, Wish, flag_list
    from sinks.queries import ANY

    shell = shell_of(context)
    if state and attention:
        msg = "--state and --attention exclude each other"
        raise Misuse(msg)
    wish = Wish(
        province=province.value if province else "",
        state=ATTENTION if attention else (state.value if state else ""),
        assignee=assignee or "",
        status=ANY,
    )
    with open_client(shell.reaching(directory, clickhouse=True)) as client:
        found = flag_list(client, wish, now=shell.clock())
        rows = (row | {"late_withdrawal": bool(row["late_withdrawal"])} for row in found)
        show(rows, _CASES, form, empty="no cases")


def _check_options(move: ReviewMove, verdict: ReviewVerdict | None, assignee: str | None, until: str | None) -> None:
    needs = {
        "--verdict": (move is ReviewMove.CLOSE, verdict),
        "--assignee": (move is ReviewMove.ASSIGN, assignee),
        "--until": (move is ReviewMove.SNOOZE, until),
    }
    for option, (needed, given) in needs.items():
        if needed != (given is not None):
            why = "needs" if needed else "has no"
            msg = f"--move {move.value} {why} {option}"
            raise Misuse(msg)
