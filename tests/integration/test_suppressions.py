"""Findings that an analyst sets aside on the running stack: recorded, counted, and back when the time is over."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.integration.known import DAY, Traveller, crossing, heartbeats, write
from tests.integration.stacked import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
OFFICE = {"issue_office": "Blitar", "issued_on": "2026-02-01"}


def test_what_an_analyst_sets_aside_stays_on_the_verdict_and_counts_again_later(stack: Stack, tmp_path: Path) -> None:
    who = Traveller(number=7, world=31, name="BERNADETA KOLO")
    rows = [crossing("sup-0", who, **OFFICE), crossing("sup-1", who, day=date(2026, 3, 9), **OFFICE)]
    other = crossing("sup-2", Traveller(number=8, world=31, name="AGATHA TEFA"), **OFFICE)
    stack.publish("heartbeats", write(tmp_path / "h.csv", "heartbeats", heartbeats()))
    stack.publish("crossings", write(tmp_path / "c.csv", "crossings", [*rows, other]))
    stack.wait()
    before = stack.flags("sup-")
    assert {i: before[i]["status"] for i in before} == {
        "sup-0": "FLAGGED", "sup-1": "UNREGISTERED", "sup-2": "FLAGGED"
    }  # fmt: skip
    assert [set(before[i]["rules"]) for i in ("sup-0", "sup-2")] == [{"R01", "R08", "R09"}] * 2
    (told,) = stack.run("explain", "sup-0", "--format", "json").rows
    token = told["crossing"]["document_token"]

    words = ("--reason", "paspor diganti setelah banjir", "--by", "analis-1")
    stack.run("suppress", "sup-0", "--token", token, "--rule", "R08", "--until", "2026-06-01", *words, expect=2)
    stack.run("suppress", "sup-0", "--rule", "R08", "--until", str(DAY), *words, expect=2)
    stack.run("suppress", "sup-0", "--rule", "R8", "--until", "2026-06-01", *words, expect=2)
    bad = ("--reason", "NIK 5399994101849001", "--by", "analis-1")
    stack.run("suppress", "sup-0", "--rule", "R08", "--until", "2026-06-01", *bad, expect=2)
    assert stack.flags("sup-") == before

    # under the number, until between the two crossings: the earlier one only
    stack.run("suppress", "--token", token, "--rule", "R08", "--rule", "R09", "--until", "2026-03-05", *words)
    stack.wait()
    now = stack.flags("sup-")
    assert now["sup-0"]["status"] == "UNREGISTERED"
    assert now["sup-0"]["rules"] == ["R01"]
    assert {i: now[i] for i in ("sup-1", "sup-2")} == {i: before[i] for i in ("sup-1", "sup-2")}
    (told,) = stack.run("explain", "sup-0", "--format", "json").rows
    aside = told["assessment"]["suppressed"]
    assert {f["rule"] for f in aside} == {"R08", "R09"}
    assert {(f["kind"], f["reason"], f["until"]) for f in aside} == {
        ("analyst", "paspor diganti setelah banjir", "2026-03-05T00:00:00+00:00")
    }
    for lang, title in (("id", "TEMUAN YANG TIDAK DIHITUNG"), ("en", "FINDINGS THAT DO NOT COUNT")):
        text = stack.run("explain", "sup-0", "--lang", lang).out
        assert title in text
        assert "paspor diganti setelah banjir" in text

    # the crossing by its id
    stack.run("suppress", "sup-2", "--rule", "R08", "--until", "2099-06-01", *words)
    stack.wait()
    assert stack.flags("sup-")["sup-2"]["status"] == "UNREGISTERED"
    listed = {row["event_id"]: row for row in stack.run("suppressions", "--format", "json").rows}
    assert (listed[""]["verdicts"], listed["sup-2"]["verdicts"], listed["sup-2"]["rules"]) == (1, 1, ["R08"])
    (counted,) = [row for row in stack.run("status", "--format", "json").rows if row["kind"] == "suppressed"]
    assert (counted["suppressions"], counted["verdicts"]) == (1, 2)
    assert "1 suppressions hold, on 2 verdicts findings do not count" in stack.run("status").out
