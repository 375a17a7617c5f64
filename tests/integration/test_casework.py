"""Where reviews stand, on the real engine: SQL says what the lifecycle says, and the system adds what follows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from schemas.lifecycle import FIRST, MOVES, case_of, may_follow
from schemas.verdicts import Review
from schemas.vocabulary import CaseState, Province, ReviewMove, ReviewVerdict, Status
from sinks.casework import (
    ATTENTION,
    EXPIRY,
    HIGHEST,
    NEWEST,
    OLDEST,
    Wish,
    attention_count,
    case_record,
    flag_case,
    flag_counts,
    flag_list,
)
from sinks.moves import Move, MovedMeanwhile, MoveRefused, review_for, wait_for
from sinks.queries import flags
from tests.integration.sinking import Written, client_of, finding, own_database, verdict
from tests.people import NUNUKAN, T0

pytestmark = pytest.mark.clickhouse
NOW = T0 + timedelta(hours=6)
CASES = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture
def written(server: ClickHouseAddress) -> Iterator[Written]:
    with own_database(server) as address:
        yield Written(client_of(address))


def moved(written: Written, what: str, *, by: str = "ana", event_id: str = "e1", **changes: Any) -> Review:
    wanted = Move(event_id=event_id, province=Province.KEPRI, move=ReviewMove(what), **changes)
    review = review_for(written.client, wanted, reviewer=by, at=NOW)
    written.say(("reviews", review))
    return review


def state(written: Written, event_id: str = "e1", now: datetime = NOW) -> dict[str, Any]:
    found = flag_case(written.client, "kepri", event_id, now=now)
    assert found is not None
    return found


def test_sql_and_python_say_the_same_of_any_sequence_of_moves(written: Written) -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    tried: Counter[tuple[CaseState, ReviewMove]] = Counter()
    for case in range(CASES):
        event, ids = f"e{case}", [FIRST]
        moves: list[Review] = []
        for number in range(dice.randrange(1, 11)):
            before = case_of(moves)
            what = dice.choice(list(ReviewMove if dice.random() < 0.3 else may_follow(before.state)))
            moves.append(_any_move(dice, event, f"{event}-{number}", what, [*ids, before.head]))
            ids.append(f"{event}-{number}")
            tried[before.state, what] += moves[-1].after == before.head
        written.say(*(("reviews", one) for one in moves))
    assert set(MOVES) <= {pair for pair, times in tried.items() if times}, (seed, "the dice try every legal move")
    columns = "state, head, assignee, due_at, snoozed_until, seen_version"
    sql = f"SELECT {columns} FROM review_cases WHERE event_id = %(event)s"
    for case in range(CASES):
        event = f"e{case}"
        told, _ = case_record(written.client, "kepri", event)
        ((found, head, assignee, due, snoozed, seen),) = written.client.execute(sql, {"event": event})
        assert (found, head, assignee or None) == (told.state.value, told.head, told.assignee), (seed, event)
        assert [at and at.timestamp() for at in (due, snoozed)] == [
            at and at.timestamp() for at in (told.due_at, told.snoozed_until)
        ], (seed, event)
        assert seen == (-1 if told.seen_version is None else told.seen_version), (seed, event)


def _any_move(dice: random.Random, event: str, name: str, what: ReviewMove, ids: list[str]) -> Review:
    after = dice.choice([ids[-1], ids[-1], ids[-1], dice.choice(ids), None])
    return Review(
        review_id=name,
        event_id=event,
        province=Province.KEPRI,
        move=what,
        verdict=dice.choice(list(ReviewVerdict)) if what is ReviewMove.CLOSE else None,
        reviewer=dice.choice(["ana", "budi"]),
        reviewed_at=T0,
        after=after,
        assessment_version=dice.choice([None, 1, 7]),
        assignee=dice.choice([None, "citra"]) if what is not ReviewMove.ASSIGN else "dewi",
        due_at=dice.choice([None, T0 + timedelta(days=2)]),
        snoozed_until=T0 + timedelta(days=3) if what is ReviewMove.SNOOZE else None,
    )


def test_a_flag_is_open_until_it_is_taken_and_concluded(written: Written) -> None:
    written.say(("assessments", verdict("e1")))
    assert (state(written)["state"], state(written)["assignee"]) == ("open", "")
    moved(written, "take")
    assert (state(written)["state"], state(written)["assignee"]) == ("under_review", "ana")
    moved(written, "close", verdict=ReviewVerdict.REFERRED, note="ke satgas")
    assert state(written)["state"] == "referred"


def test_an_illegal_move_is_refused_and_says_what_is_possible(written: Written) -> None:
    written.say(("assessments", verdict("e1")))
    with pytest.raises(MoveRefused, match=r"release is not possible while the case is open: possible are take"):
        moved(written, "release")
    with pytest.raises(MoveRefused, match="a closing needs a verdict"):
        moved(written, "close")
    with pytest.raises(MoveRefused, match="in the future"):
        moved(written, "snooze", snoozed_until=NOW)


def test_whoever_saw_an_older_case_is_told_who_was_first(written: Written) -> None:
    written.say(("assessments", verdict("e1")))
    moved(written, "take", by="ana", after=FIRST)
    with pytest.raises(MovedMeanwhile, match="ana was first: the case is under_review"):
        moved(written, "take", by="budi", after=FIRST)


def test_of_two_that_reach_the_log_together_one_counts_and_the_other_learns_it(written: Written) -> None:
    written.say(("assessments", verdict("e1")))
    wanted = Move(event_id="e1", province=Province.KEPRI, move=ReviewMove.TAKE, after=FIRST)
    ana, budi = (review_for(written.client, wanted, reviewer=name, at=NOW) for name in ("ana", "budi"))
    assert wait_for(written.client, ana, seconds=0) is None
    written.say(("reviews", budi), ("reviews", ana))
    assert wait_for(written.client, budi, seconds=1) is True
    assert wait_for(written.client, ana, seconds=1) is False
    assert state(written)["assignee"] == "budi"
    _, rows = case_record(written.client, "kepri", "e1")
    assert [(row["reviewer"], row["counts"]) for row in rows] == [("budi", True), ("ana", False)]


def test_new_evidence_reopens_a_closed_case_until_somebody_looks(written: Written) -> None:
    written.say(("assessments", verdict("e1")))
    moved(written, "take")
    moved(written, "close", verdict=ReviewVerdict.FALSE_POSITIVE)
    more = verdict("e1", findings=(finding("R01"), finding("R25")), score=79)
    written.say(("assessments", more))
    assert (state(written)["state"], state(written)["concluded"]) == ("reopened", "false_positive")
    assert attention_count(written.client) == 1
    moved(written, "note", note="sudah diperiksa")
    assert state(written)["state"] == "false_positive", "whoever looked and left it so has seen the newest verdict"
    written.say(("assessments", verdict("e1")))
    assert state(written)["state"] == "false_positive", "less evidence reopens nothing"


def test_a_late_withdrawal_of_a_confirmed_flag_asks_for_a_look_and_overwrites_nothing(written: Written) -> None:
    written.say(("assessments", verdict("e1")))
    moved(written, "take")
    moved(written, "close", verdict=ReviewVerdict.CONFIRMED)
    written.say(("assessments", verdict("e1", Status.MATCHED)))
    found = state(written)
    assert (found["state"], found["late_withdrawal"], found["status"]) == ("confirmed", 1, "MATCHED")
    (asked,) = flag_list(written.client, Wish(state=ATTENTION, status="any"), now=NOW)
    assert asked["event_id"] == "e1"
    moved(written, "note", note="tetap")
    assert (state(written)["state"], state(written)["late_withdrawal"]) == ("confirmed", 0)


def test_an_open_flag_is_withdrawn_by_the_system_and_an_old_one_expires(written: Written) -> None:
    written.say(("assessments", verdict("e1")), ("assessments", verdict("e2")))
    written.say(("assessments", verdict("e1", Status.MATCHED)))
    assert (state(written)["state"], state(written, "e2")["state"]) == ("withdrawn", "open")
    late = T0 + EXPIRY + timedelta(minutes=1)
    assert state(written, "e2", late)["state"] == "expired"
    moved(written, "take", event_id="e2")
    assert state(written, "e2", late)["state"] == "under_review", "what somebody has does not expire"


def test_pages_by_key_give_every_flag_once_in_every_order(written: Written) -> None:
    for number in range(23):
        at = T0 + timedelta(minutes=number // 3)
        written.say(("assessments", verdict(f"e{number}", occurred_at=at, score=50 + number % 4)))
    for sort in (NEWEST, OLDEST, HIGHEST):
        whole = [row["event_id"] for row in flag_list(written.client, Wish(sort=sort), now=NOW)]
        paged: list[str] = []
        after: tuple[Any, ...] | None = None
        while page := list(flag_list(written.client, Wish(sort=sort), now=NOW, after=after, limit=5)):
            paged += [row["event_id"] for row in page]
            after = tuple(page[-1]["key"])
        assert paged == whole
        assert len(set(whole)) == 23


def test_the_counts_are_those_of_the_command_line(written: Written) -> None:
    written.say(("assessments", verdict("e1")), ("assessments", verdict("e2", Status.MATCHED)))
    other = verdict("e3", province=Province.KALTARA, checkpoint_id=NUNUKAN)
    written.say(("assessments", other), ("assessments", verdict("e1")))
    moved(written, "take")
    counts = {row["province"]: (row["flags"], row["open"], row["under_review"]) for row in
              flag_counts(written.client, now=NOW)}  # fmt: skip
    assert counts == {"kepri": (1, 0, 1), "kaltara": (1, 1, 0)}
    for province in Province:
        listed = len(list(flags(written.client, province=province.value)))
        assert listed == counts.get(province.value, (0,))[0]
    assert {state.value for state in CaseState} >= {row["state"] for row in flag_list(written.client, Wish(), now=NOW)}
