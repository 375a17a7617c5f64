"""The console's pages on the real engine: reviews, versions, exports, and a store that is away."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from console.access import Role
from lintas.clickhouse import ClickHouseAddress
from schemas.vocabulary import Status
from sinks.queries import flags
from sinks.settings import StoreAddress
from sinks.store import connect
from tests.integration.officed import Office, hidden, opened, token
from tests.integration.sinking import own_database, verdict
from tests.people import MARIA, crossing

pytestmark = pytest.mark.clickhouse


def test_counts_on_the_page_are_those_of_the_command_line(office: Office) -> None:
    client = office.visitor(Role.VIEWER)
    shown = dict(re.findall(r'data-count="(\w+)">([\d.]+)<', client.get("/").text))
    listed = [row["province"] for row in flags(office.written.client)]
    assert {name: int(count) for name, count in shown.items()} == {name: listed.count(name) for name in set(listed)}


def test_a_review_from_taking_to_referring(office: Office) -> None:
    client = office.visitor(Role.ANALYST, "ana")
    moves: list[dict[str, str]] = [
        {"move": "take"},
        {"move": "note", "note": "menelepon posko"},
        {"move": "snooze", "until": "2026-03-05"},
        {"move": "close", "verdict": "referred", "note": "ke satgas desa"},
    ]
    for made in moves:
        page = client.get("/flag/kepri/e1").text
        form = {"csrf": token(page), "after": hidden(page, "after"), **made}
        answer = client.post("/review/kepri/e1", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/flag/kepri/e1?said=saved#review")
    page = client.get("/flag/kepri/e1").text
    assert "state-referred" in page
    assert "ke satgas desa" in page
    refused = client.post("/review/kepri/e1", data={"csrf": token(page), "after": hidden(page, "after"),
                                                    "move": "take"})  # fmt: skip
    assert (refused.status_code, "possible are note, reopen" in refused.text) == (422, True)
    assert "dirujuk" in client.get("/person/kepri/e1").text


def test_of_two_analysts_one_wins_and_the_other_is_told(office: Office) -> None:
    ana, budi = office.visitor(Role.ANALYST, "ana"), office.visitor(Role.ANALYST, "budi")
    forms = []
    for client in (ana, budi):
        page = client.get("/flag/kepri/e1").text
        forms.append({"csrf": token(page), "after": hidden(page, "after"), "move": "take"})
    assert ana.post("/review/kepri/e1", data=forms[0]).status_code == 303
    lost = budi.post("/review/kepri/e1", data=forms[1])
    assert (lost.status_code, "ana lebih dahulu: kasus ini sekarang sedang ditinjau" in lost.text) == (409, True)
    assert office.written.client.execute("SELECT count() FROM reviews") == [(1,)]


def test_what_was_known_when_is_shown_by_version(office: Office) -> None:
    office.written.say(("assessments", verdict("e1", Status.MATCHED, block=MARIA.block)))
    client = office.visitor(Role.ANALYST)
    page = client.get("/flag/kepri/e1").text
    assert "status-MATCHED" in page
    versions = re.findall(r"version=(\d+)", page)
    old = client.get(f"/flag/kepri/e1?version={versions[-1]}").text
    assert "Ditampilkan seperti diketahui pada" in old
    assert "status-FLAGGED" in old


def test_exports_hold_what_the_page_lists_and_leave_a_line_in_the_audit(office: Office) -> None:
    client = office.visitor(Role.ANALYST, "ana")
    rows = [json.loads(line) for line in client.get("/?format=json&province=kepri").text.splitlines()]
    assert [(row["event_id"], row["state"]) for row in rows] == [("e1", "open")]
    table = list(csv.DictReader(io.StringIO(client.get("/?format=csv").text)))
    assert {row["event_id"] for row in table} == {"e1", "n1"}
    for path in ("/rules", "/feeds", "/accounting", "/indicators", "/person/kepri/e1", "/search?id=e1"):
        mark = "&" if "?" in path else "?"
        for form in ("csv", "json"):
            assert client.get(f"{path}{mark}format={form}").status_code == 200
    exports = office.desk.audit.entries(action="export", limit=100)
    assert len(exports) == 14
    assert json.loads(exports[-1].detail) == {"format": "json", "province": "kepri"}


def test_a_store_that_is_away_is_said_so_and_comes_back(office_server: ClickHouseAddress, tmp_path: Path) -> None:
    away = [True]
    with own_database(office_server) as address, opened(address, tmp_path) as office:
        gone = StoreAddress(host="127.0.0.1", port=1, user="x", password="x", database="x")
        office.written.say(("assessments", verdict("e1")), ("transit.kepri", crossing(MARIA, event_id="e1")))
        client = office.visitor(Role.VIEWER)
        office.desk.clients._make = lambda: connect(gone if away[0] else address)
        office.desk.clients.close()
        assert client.get("/").status_code == 503
        assert "tidak ada yang hilang" in client.get("/").text
        assert client.get("/readyz").status_code == 503
        away[0] = False
        assert client.get("/").status_code == 200
        assert client.get("/readyz").status_code == 200
