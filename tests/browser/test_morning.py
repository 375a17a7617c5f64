"""The morning of an analyst in a real Chromium: by keyboard, in both languages, live, on paper, and for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from console.access import Role
from lintas.clickhouse import ClickHouseAddress, running_clickhouse
from schemas.vocabulary import Province, Status
from tests.browser.serving import CHROMIUM, OFFICE, PHONE, chromium, log_in, say_purpose, served, somebody
from tests.integration.officed import PASSWORD, Office, opened
from tests.integration.sinking import finding, own_database, refusal, verdict
from tests.people import MARIA, NUNUKAN, T0, Person, crossing, departure, heartbeats

pytestmark = [
    pytest.mark.clickhouse,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
    # Playwright's driver leaves the closing of its pipes to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
expect.set_options(timeout=20_000)
PAGES = (
    *("/", "/?rule=R99", "/?province=kepri&sort=highest", "/flag/kepri/e1", "/person/kepri/e1", "/referral/kepri/e1"),
    *("/rules", "/feeds", "/accounting", "/indicators", "/search", "/search?id=e1", "/search?withheld=1", "/nowhere"),
    "/flag/kepri/e1?version=0",
)
SAYS = {
    "id": ("Ambil untuk ditinjau", "Tutup tinjauan", "Lembar rujukan", "dirujuk", "Rujukan untuk pelindungan"),
    "en": ("Take it up", "Close the review", "Referral sheet", "referred", "Referral for protection"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAddress]:
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def office(server: ClickHouseAddress, tmp_path: Path) -> Iterator[Office]:
    findings = tuple(finding(f"R0{number}", "event:kepri/e1", "watermark:LTSA") for number in (1, 3, 8, 9))
    many = [verdict(f"x{number}", occurred_at=T0 - timedelta(hours=number), score=50 + number % 50,
                    findings=(finding("R12"),)) for number in range(60)]  # fmt: skip
    with own_database(server) as address, opened(address, tmp_path) as made:
        made.written.say(
            ("assessments", verdict("e1", block=MARIA.block, score=60, findings=findings)),
            ("transit.kepri", crossing(MARIA, event_id="e1", carrier="KM LAMBELU", service_no="KL-1")),
            ("transit.kaltara", crossing(MARIA, event_id="n1", checkpoint_id=NUNUKAN, at=T0 - timedelta(days=9))),
            ("assessments", verdict("n1", Status.MATCHED, province=Province.KALTARA, checkpoint_id=NUNUKAN,
                                    block=MARIA.block)),
            ("assessments", verdict("e1", block=MARIA.block, score=78, findings=findings)),
            *(("assessments", one) for one in many),
            ("departures", departure()),
            *(("departures", beat) for beat in heartbeats()),
            ("rejected.kepri", refusal()),
        )  # fmt: skip
        made.desk = replace(made.desk, refresh_seconds=1)
        yield made


@pytest.fixture
def base(office: Office) -> Iterator[str]:
    with served(office.desk) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": OFFICE[0], "height": OFFICE[1]})
    made = context.new_page()
    wrong: list[str] = []
    made.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    yield made
    context.close()
    assert [text for text in wrong if "404" not in text] == [], "the browser complained"


def reach(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this text."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.innerText || ''").strip() == name:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_morning_of_an_analyst_by_keyboard(office: Office, base: str, page: Page, language: str) -> None:
    take, close, sheet, referred, title = SAYS[language]
    ana = somebody(office.desk, "ana", Role.ANALYST)
    page.goto(f"{base}/login?lang={language}")
    for name, text in (("name", "ana"), ("password", PASSWORD), ("code", ana.code(office.clock()))):
        reach(page, name)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("[data-count=kepri]")).to_have_text("61")
    reach(page, "e1")
    page.keyboard.press("Enter")
    page.locator("input[name=purpose]").first.wait_for()
    reach(page, "purpose")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("e1")
    reach(page, take)
    page.keyboard.press("Enter")
    expect(page.locator("#review .state-under_review")).to_be_visible()
    reach(page, "verdict")
    page.keyboard.type(referred)
    reach(page, "note")
    page.keyboard.type("ke satgas desa")
    reach(page, close)
    page.keyboard.press("Enter")
    expect(page.locator("#review .state-referred")).to_have_text(referred)
    expect(page.locator("#review .note")).to_have_text("ke satgas desa")
    reach(page, sheet)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(title)
    written = office.written.client.execute("SELECT move, verdict, reviewer FROM reviews FINAL ORDER BY offset")
    assert written == [("take", "", "ana"), ("close", "referred", "ana")]
    assert [entry.action for entry in reversed(office.desk.audit.entries(action="review"))] == ["review"] * 2


def test_the_referral_fits_one_sheet_and_names_nobody(office: Office, base: str, page: Page) -> None:
    log_in(page, base, somebody(office.desk, "ana", Role.ANALYST), office.clock())
    page.goto(f"{base}/referral/kepri/e1")
    say_purpose(page)
    expect(page.locator(".sheet")).to_contain_text("kalimat")
    pdf = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    text = page.locator(".sheet").inner_text()
    assert "test:" not in text, "no token"
    assert "530199" not in text, "the kabupaten is enough"


def test_today_shows_a_new_flag_without_a_reload_and_keeps_the_focus(office: Office, base: str, page: Page) -> None:
    log_in(page, base, somebody(office.desk, "ana", Role.ANALYST), office.clock())
    page.evaluate("window.sameDocument = true")
    page.locator("#to-kepri-x0").focus()
    office.written.say(("assessments", verdict("brand-new", occurred_at=T0 + timedelta(hours=5))))
    expect(page.locator("#to-kepri-brand-new")).to_be_visible(timeout=15_000)
    expect(page.locator(".band_now")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    assert page.evaluate("document.activeElement.id") == "to-kepri-x0"


def test_a_list_is_paged_by_key_and_its_address_is_stable(office: Office, base: str, page: Page) -> None:
    log_in(page, base, somebody(office.desk, "ana", Role.ANALYST), office.clock())
    seen: list[str] = []
    page.goto(f"{base}/?province=kepri&sort=highest")
    while True:
        seen += page.locator("td a[id^=to-]").all_inner_texts()
        if not page.locator("a[rel=next]").count():
            break
        page.locator("a[rel=next]").click()
        page.wait_for_load_state()
    assert len(seen) == len(set(seen)) == 61
    last = page.locator("td a[id^=to-]").all_inner_texts()
    page.goto(page.url)
    assert page.locator("td a[id^=to-]").all_inner_texts() == last


def test_everything_is_there_without_script(office: Office, base: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        log_in(page, base, somebody(office.desk, "ana", Role.ANALYST), office.clock())
        for path in PAGES:
            page.goto(f"{base}{path}")
            say_purpose(page)
            assert page.locator("h1").inner_text()
        page.goto(f"{base}/flag/kepri/e1")
        page.get_by_role("button", name="Ambil untuk ditinjau").click()
        expect(page.locator("#review .state-under_review")).to_be_visible()
    finally:
        context.close()


@pytest.mark.parametrize("size", [OFFICE, PHONE])
def test_axe_finds_nothing_and_nothing_leaves_the_screen(
    office: Office, base: str, page: Page, size: tuple[int, int]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": size[0], "height": size[1]})
    axe, found = Axe(), {}

    def look(path: str) -> None:
        result = axe.run(page, options=AXE)
        if result.violations_count:
            found[path] = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in
                           result.response["violations"]]  # fmt: skip
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            found[f"{path} is too wide"] = wide

    page.goto(f"{base}/login")
    look("/login")
    log_in(page, base, somebody(office.desk, "sinta", Role.SUPERVISOR), office.clock())
    for path in PAGES:
        page.goto(f"{base}{path}")
        look(f"{path} (purpose)" if page.locator("input[name=purpose]").count() else path)
        say_purpose(page)
        for summary in page.locator("main summary").all():
            summary.click()
        look(path)
    page.context.clear_cookies()
    log_in(page, base, somebody(office.desk, "adi", Role.AUDITOR), office.clock())
    page.goto(f"{base}/audit?verify=1")
    look("/audit")
    assert found == {}


def test_a_stranger_learns_nothing(office: Office, base: str, page: Page) -> None:
    other = Person(name="X Y", passport="XX7654321", nik="5399995705989002")
    office.written.say(("transit.kepri", crossing(other, event_id="o1")))
    for path in PAGES:
        page.goto(f"{base}{path}")
        expect(page.locator("h1")).to_have_text("Masuk" if path != "/nowhere" else "Tidak ditemukan")
