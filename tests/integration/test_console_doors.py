"""The console's doors: every page for every role, and what strangers, partners and rivals try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from console.access import RIGHTS, Role
from console.app import create_app
from console.users import User
from tests.integration.officed import PASSWORD, Office, hidden, log_in, token
from tests.integration.sinking import verdict
from tests.people import MARIA, crossing, departure

pytestmark = pytest.mark.clickhouse
SCRIPT = "<script>alert(1)</script>"
EVENTS = ("kepri/e1", "kaltara/n1")
PAGES = {
    "/": "flags",
    "/?format=csv": "export",
    "/flag/kepri/e1": "person",
    "/referral/kepri/e1": "person",
    "/person/kepri/e1": "person",
    "/search?id=e1": "flags",
    "/rules": "figures",
    "/accounting": "figures",
    "/indicators": "figures",
    "/feeds": "feeds",
    "/audit": "audit",
}
"""Every page that is read, and the right that it asks for."""
POSTS = {"/review/kepri/e1": "review", "/purpose": "person", "/logout": None}
OPEN = {"/login", "/livez", "/readyz"}


def test_every_page_for_every_role(office: Office) -> None:
    for role in Role:
        client = office.visitor(role, province="kepri" if role is Role.PROVINCE_OFFICER else "")
        rights = {right.value for right in RIGHTS[role]}
        for path, right in PAGES.items():
            wanted = 200 if right in rights else 403
            if path.partition("?")[0] == "/" and "flags" not in rights:
                wanted = 303  # to the first page of the role
            assert client.get(path).status_code == wanted, (role, path)


def test_no_page_is_left_out_of_that_table_and_none_is_open(office: Office) -> None:
    app = create_app(office.desk)
    client = TestClient(app, follow_redirects=False)
    office.clients.append(client)
    shapes = {re.sub(r"\{[^}]+\}.*", "", route.path) for route in _routes(app)}
    known = {path.split("?")[0] for path in (*PAGES, *POSTS)} | OPEN
    assert {shape for shape in shapes if not any(path.startswith(shape) for path in known)} == set()
    assert len(shapes) == 16
    for path in PAGES:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"][:12]) == (303, "/login?next="), path
    for path in POSTS:
        assert client.post(path).headers["location"] == "/login"


def _routes(app: Any) -> Iterator[APIRoute]:
    for route in app.routes:
        if isinstance(route, APIRoute):
            yield route
        elif (inner := getattr(route, "original_router", None)) is not None:
            yield from (one for one in inner.routes if isinstance(one, APIRoute))


def test_a_province_officer_sees_nothing_of_another_province(office: Office) -> None:
    client = office.visitor(Role.PROVINCE_OFFICER, province="kaltara")
    for kind in ("flag", "person", "referral"):
        assert client.get(f"/{kind}/kaltara/n1").status_code == 200
        assert client.get(f"/{kind}/kepri/e1").status_code == 404
        assert client.get(f"/{kind}/kepri/unknown").status_code == 404, "the same answer as for what does not exist"
    for path in ("/", "/?province=kepri", "/?format=json", "/search?id=e1", "/search?id=d1", "/person/kaltara/n1",
                 "/feeds", "/feeds?format=json", "/accounting", "/accounting?format=csv", "/accounting?list=refusals",
                 "/rules?format=json", "/flag/kaltara/n1"):  # fmt: skip
        asked = path.partition("?")[2]  # what was asked stands in the page's own links
        text = client.get(path).text.replace('value="e1"', "").replace(asked or "-", "").replace("id=e1", "")
        assert not re.search(r"\be1\b", text), path
        assert "kepri" not in text.lower(), path
        assert "Batam" not in re.sub(r"<option.*?</option>", "", text), path
    assert client.post("/review/kepri/e1", data={"csrf": token(client.get("/").text)}).status_code in (403, 422)


def test_a_form_without_its_token_or_from_elsewhere_does_nothing(office: Office) -> None:
    client = office.visitor(Role.ANALYST)
    move = {"move": "take", "after": "first"}
    assert client.post("/review/kepri/e1", data=move).status_code == 403
    assert client.post("/review/kepri/e1", data=move | {"csrf": "x"}).status_code == 403
    csrf = token(client.get("/").text)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/review/kepri/e1", data=move | {"csrf": csrf}, headers=elsewhere).status_code == 403
    other = office.visitor(Role.SUPERVISOR)
    assert other.post("/review/kepri/e1", data=move | {"csrf": csrf}).status_code == 403, "a token is one session's"
    assert office.written.client.execute("SELECT count() FROM reviews") == [(0,)]
    assert client.post("/review/kepri/e1", data=move | {"csrf": csrf}).status_code == 303


def test_a_login_starts_a_new_session_and_guessing_is_slow(office: Office) -> None:
    secret = office.desk.users.add(User(name="ana", role=Role.ANALYST), PASSWORD, at=office.clock())
    client = TestClient(create_app(office.desk), follow_redirects=False)
    office.clients.append(client)
    client.cookies.set("lintas", "chosen-by-an-attacker", domain="testserver.local", path="/")
    log_in(client, "ana", pyotp.TOTP(secret).at(office.clock()))
    first = client.cookies.get("lintas", domain="testserver.local")
    assert first != "chosen-by-an-attacker"
    office.clock.at += timedelta(seconds=60)
    log_in(client, "ana", pyotp.TOTP(secret).at(office.clock()))
    second = client.cookies.get("lintas", domain="testserver.local")
    assert second not in (None, first)
    assert office.desk.sessions.find(str(first), at=office.clock()) is None, "the session before has ended"
    client.cookies.clear()
    assert [log_in(client, "ana", "000000", "salah-salah-salah").status_code for _ in range(6)] == [401] * 5 + [429]
    assert log_in(client, "ana", pyotp.TOTP(secret).at(office.clock())).status_code == 429, "even with the right one"
    assert log_in(client, "budi", "000000", next="//evil.example").status_code == 401


def test_headers_hold_the_browser_to_our_own_content(office: Office) -> None:
    client = office.visitor(Role.ANALYST)
    for path in (*PAGES, "/nowhere", "/login", "/static/console.css"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        if not path.startswith("/static"):
            assert headers["cache-control"] == "no-store"
    for path in PAGES:
        text = client.get(path).text
        assert not re.search(r"<script(?! src=\"/static/)", text), path
        assert not re.search(r"\s(style|on\w+)=", text), path
        assert not re.search(r"(src|href)=\"(https?:)?//", text), path
    cookie = log_in_cookie(office)
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def log_in_cookie(office: Office) -> str:
    client = TestClient(create_app(office.desk), follow_redirects=False)
    office.clients.append(client)
    secret = office.desk.users.add(User(name="cookie", role=Role.VIEWER), PASSWORD, at=office.clock())
    answer = log_in(client, "cookie", pyotp.TOTP(secret).at(office.clock()))
    return str(next(value for value in answer.headers.get_list("set-cookie") if value.startswith("lintas=")))


def test_what_a_partner_writes_into_any_text_is_only_text(office: Office) -> None:
    nasty = f"\"{SCRIPT}'><img src=x onerror=alert(1)>"
    office.written.say(
        ("transit.kepri", crossing(MARIA, event_id=nasty[:100], carrier=nasty, service_no=nasty, from_place=nasty,
                                   to_place=nasty, destination_place=nasty, device_id=nasty,
                                   identity_quality=(nasty,))),
        ("assessments", verdict(nasty[:100], block=MARIA.block, service_no=nasty, missing=(nasty,),
                                departure_id=nasty, rules=())),
        ("departures", departure(departure_id=nasty, ltsa_office=nasty, p3mi_licence=nasty,
                                 training_institution=nasty)),
    )  # fmt: skip
    client = office.visitor(Role.SUPERVISOR)
    address = re.search(r'href="(/flag/kepri/%22[^"]+)"', client.get("/").text)
    assert address is not None
    flag = client.get(address[1]).text
    after = {"csrf": token(flag), "after": hidden(flag, "after"), "move": "note", "note": nasty}
    assert client.post(address[1].replace("/flag/", "/review/"), data=after).status_code == 303
    kinds = [address[1], *(address[1].replace("flag", kind) for kind in ("person", "referral"))]
    for path in (*kinds, "/", "/indicators", "/rules", "/feeds", "/search?id=%22%3Cscript%3E", f"/?q={SCRIPT}"):
        text = client.get(path).text
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
    assert "&lt;script&gt;" in client.get(address[1]).text


@pytest.mark.parametrize(
    "path",
    ["/?province=kepri' OR 1=1--", "/?sort=score; DROP TABLE reviews", "/?after=e30=", "/?since=yesterday",
     "/?format=xml", "/rules?sort=1);--", "/flag/kepri/e1?version=99", "/?state='", "/?checkpoint=x"],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_so(office: Office, path: str) -> None:
    assert office.visitor(Role.ANALYST).get(path).status_code == 422


def test_quotes_in_what_can_be_asked_are_only_text(office: Office) -> None:
    client = office.visitor(Role.ANALYST)
    for path in ("/?rule=' OR 1=1--", "/?assignee=' OR ''='", "/search?id=e1' OR '1'='1"):
        assert "e1</a>" not in client.get(path).text
    assert client.get("/flag/kepri/e1' OR '1'='1").status_code == 404


def test_a_number_of_a_person_is_neither_searched_nor_recorded(office: Office) -> None:
    client = office.visitor(Role.ANALYST)
    answer = client.get("/search", params={"id": "5399995705989001"}, follow_redirects=True)
    assert "tidak dicatat di sini" in answer.text
    assert "5399995705989001" not in answer.text + str(answer.url)
    assert not [e for e in office.desk.audit.entries(limit=1000) if "5399995705989001" in e.subject + e.detail]


def test_every_reading_of_a_person_is_audited_with_its_purpose(office: Office) -> None:
    client = office.visitor(Role.ANALYST)
    for kind in ("flag", "person", "referral"):
        client.get(f"/{kind}/kepri/e1")
    read = [(e.action, e.who, e.subject, e.purpose) for e in office.desk.audit.entries(limit=3)]
    assert read == [(f"read_{kind}", "analyst", "kepri/e1", "review") for kind in ("referral", "person", "flag")]
    office.clock.at += timedelta(minutes=25)
    client.get("/")
    office.clock.at += timedelta(minutes=20)
    client.get("/")
    office.clock.at += timedelta(minutes=20)
    asked = client.get("/flag/kepri/e1")
    assert 'name="purpose"' in asked.text, "after an hour it is asked again"
    assert "R01" not in asked.text
    assert office.desk.audit.verify().faults == ()


def test_only_a_supervisor_gives_a_flag_to_somebody_else(office: Office) -> None:
    ana, sinta = office.visitor(Role.ANALYST, "ana"), office.visitor(Role.SUPERVISOR, "sinta")
    form = {"after": "first", "move": "assign", "assignee": "ana", "due": "2026-03-04"}
    assert ana.post("/review/kepri/e1", data=form | {"csrf": token(ana.get("/").text)}).status_code == 403
    csrf = token(sinta.get("/").text)
    assert sinta.post("/review/kepri/e1", data=form | {"csrf": csrf, "assignee": "nobody"}).status_code == 422
    assert sinta.post("/review/kepri/e1", data=form | {"csrf": csrf}).status_code == 303
    mine = ana.get("/?assignee=ana&status=any").text
    assert "tenggat 2026-03-04 17:00 WITA" in mine


def test_the_language_is_remembered_and_leads_nowhere_else(office: Office) -> None:
    client = office.visitor(Role.ANALYST)
    answer = client.get("/rules?lang=en&sort=-flags")
    assert answer.headers["location"] == "/rules?sort=-flags"
    assert "How often each rule speaks" in client.get("/rules").text
    away = client.get("http://testserver//evil.example/?lang=id")
    assert away.headers.get("location", "/").startswith("/evil.example") or away.status_code == 404
