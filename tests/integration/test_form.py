"""The checkpoint's form in a real Chromium: by keyboard, with and without a network, and nothing stays in plain."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaConsumer

from lintas.stack.brokers import running_kafka
from lintas.stack.ports import free_ports
from producers.gateway.form import FILES
from schemas.codec import decode
from schemas.identity import TokenKind, read_mrz, token, write_td1, write_td3
from schemas.records import TransitEvent
from schemas.vocabulary import Sex
from tests.integration.gatewayed import KEY, Gateway, running_gateway
from tests.integration.test_gateway import with_topics
from tests.integration.test_identity_canary import BORN, FAMILY, GIVEN, MRZ, NIK, PASSPORT, hits

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt-get install chromium"),
]
EVERYTHING = """async () => {
  const come = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const found = {local: {...localStorage}, session: Object.keys(sessionStorage), bases: {}};
  for (const {name} of await indexedDB.databases()) {
    const base = await come(indexedDB.open(name));
    for (const store of base.objectStoreNames) {
      found.bases[store] = await come(base.transaction(store).objectStore(store).getAll());
    }
    base.close();
  }
  return JSON.stringify(found);
}"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_kafka(tmp_path_factory.mktemp("kafka"), os.environ) as bootstrap:
        yield with_topics(bootstrap)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser whose disk can be looked at."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        profile = play.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=["--no-sandbox"], locale="id-ID",
            timezone_id="Asia/Jakarta",
        )  # fmt: skip
        profile.set_default_timeout(20_000)
        yield profile
        profile.close()


def opened(context: BrowserContext, gateway: Gateway, seen: list[str] | None = None) -> Page:
    page = context.pages[0]
    if seen is not None:
        page.on("request", lambda request: seen.append(request.url))
    page.goto(gateway.url)
    page.wait_for_selector("body[data-ready]")
    return page


def shows(page: Page, place: str, text: str) -> None:
    """Wait until a place has the text; the page's policy lets nobody evaluate a condition there."""
    from playwright.sync_api import expect

    expect(page.locator(place)).to_contain_text(text, timeout=20_000)


def shifted(page: Page, key: str) -> None:
    """What an officer does once a shift: key and post."""
    page.keyboard.type(key)
    page.keyboard.press("Tab")
    page.keyboard.type("Band")
    shows(page, "#checkpoint_id option:checked", "Bandar Bentan Telani Lagoi")


def crossings(broker: str, wanted: int) -> list[TransitEvent]:
    consumer = KafkaConsumer(
        "transit.kepri", bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=3000, group_id=None
    )
    found = [decode(TransitEvent, m.value) for m in consumer]
    consumer.close()
    assert len(found) >= wanted
    return found


def test_a_traveller_is_entered_by_keyboard_alone(broker: str, context: BrowserContext, tmp_path: Path) -> None:
    seen: list[str] = []
    with running_gateway(tmp_path / "g", broker) as gateway:
        page = opened(context, gateway, seen)
        assert page.evaluate("document.activeElement.id") == "key"
        shifted(page, gateway.key("--province", "kepri"))
        for _ in range(3):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "mrz"
        page.keyboard.type(MRZ)  # its line break is the Enter of a scanner
        assert page.text_content("#mrz_said") == "✓ semua angka uji cocok"
        filled = {name: page.input_value(f"#{name}") for name in ("name", "document_number", "birth_date", "sex")}
        assert filled == {
            "name": f"{GIVEN} {FAMILY}", "document_number": PASSPORT, "birth_date": BORN, "sex": "F",
        }  # fmt: skip
        if where := os.environ.get("LINTAS_TEST_SCREENSHOT"):
            page.screenshot(path=where, full_page=True)
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#done li.good")
        assert page.text_content("#done li") == "no. 1: terkirim"
        assert page.evaluate("document.activeElement.id") == "mrz"
        assert page.input_value("#name") == ""
        assert {url.startswith((gateway.url, "data:")) for url in seen} == {True}
    event = crossings(broker, 1)[-1]
    assert event.document.token == token(KEY, TokenKind.PASSPORT, PASSPORT)
    assert (event.document.mrz_ok, event.sequence, event.direction.value) == (True, 1, "out")
    assert (event.device_id or "").startswith("form-")
    assert event.event_id.startswith("form-")


def test_wrong_check_digits_and_refusals_are_told_where_they_are(
    broker: str, context: BrowserContext, tmp_path: Path
) -> None:
    with running_gateway(tmp_path / "g", broker) as gateway:
        page = opened(context, gateway)
        shifted(page, gateway.key("--province", "kalbar"))
        page.fill("#mrz", MRZ.replace("611129", "611128"))
        assert page.text_content("#mrz_said") == "✗ angka uji tidak cocok: tanggal lahir, seluruh zona"
        assert page.get_attribute("#birth_date", "aria-invalid") == "true"
        page.fill("#mrz", MRZ[:50])
        assert page.text_content("#mrz_said") == "49 huruf; MRZ punya 88, 72 atau 90"
        page.fill("#mrz", "")
        page.fill("#name", f"{GIVEN} {FAMILY}")
        page.fill("#birth_date", "1961-13-40")
        page.keyboard.press("Enter")
        page.wait_for_selector("#done li.bad")
        assert page.text_content("#said") == "Pos pemeriksaan: pos ini bukan dari provinsi kunci ini"
        assert page.input_value("#name") == f"{GIVEN} {FAMILY}"
        page.fill("#document_number", "")
        page.fill("#name", "")
        page.keyboard.press("Enter")
        assert page.text_content("#said") == "Nama: isi nama atau nomor dokumen"
        assert page.evaluate("document.activeElement.id") == "name"


def test_without_a_network_rows_wait_sealed_and_go_when_it_is_back(
    broker: str, context: BrowserContext, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    before = len(crossings(broker, 0))
    with running_gateway(tmp_path / "g", broker, "--port", str(port)) as gateway:
        key = gateway.key("--province", "kepri")
        page = opened(context, gateway)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.text_content("#line") == "tanpa jaringan: data menunggu di alat ini"
    shifted(page, key)
    for number in range(2):
        page.fill("#mrz", MRZ)
        page.fill("#nik", NIK)
        page.keyboard.press("Enter")
        shows(page, "#queue", f"{number + 1} menunggu dikirim")
    assert page.input_value("#name") == ""
    kept = json.loads(page.evaluate(EVERYTHING))
    assert [sorted(one["sealed"]) for one in kept["bases"]["queue"]] == [["box", "iv", "sender"]] * 2
    assert hits(json.dumps(kept).encode()) == []
    with running_gateway(tmp_path / "g", broker, "--port", str(port)):
        shows(page, "#queue", "tidak ada yang menunggu")
        assert page.locator("#done li.good").count() == 2
    found = crossings(broker, before + 2)[before:]
    assert sorted(event.sequence or 0 for event in found) == [1, 2]
    assert {event.nik_token for event in found} == {token(KEY, TokenKind.NIK, NIK)}


def test_rows_of_another_gateway_stay_until_it_is_back(broker: str, context: BrowserContext, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    before = len(crossings(broker, 0))
    with running_gateway(tmp_path / "mine", broker, "--port", str(port)) as gateway:
        key = gateway.key("--province", "kepri")
        page = opened(context, gateway)
        shifted(page, key)
    page.fill("#mrz", MRZ)
    page.keyboard.press("Control+Enter")
    shows(page, "#queue", "1 menunggu dikirim")
    with running_gateway(tmp_path / "other", broker, "--port", str(port)) as gateway:
        page.fill("#key", gateway.key("--province", "kepri"))
        page.keyboard.press("Tab")
        shows(page, "#done", "disegel untuk gerbang lain")
        shows(page, "#queue", "1 menunggu dikirim")
    with running_gateway(tmp_path / "mine", broker, "--port", str(port)) as gateway:
        page.reload()
        page.wait_for_selector("body[data-ready]")
        page.fill("#key", key)
        page.keyboard.press("Tab")
        shows(page, "#queue", "tidak ada yang menunggu")
    assert len(crossings(broker, 0)) == before + 1


def test_nothing_that_was_typed_stands_on_the_devices_disk(
    broker: str, context: BrowserContext, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with running_gateway(tmp_path / "g", broker, "--port", str(port)) as gateway:
        page = opened(context, gateway)
        shifted(page, gateway.key("--province", "kepri"))
    page.fill("#name", f"{GIVEN} {FAMILY}")
    page.fill("#nik", NIK)
    page.fill("#birth_date", BORN)
    page.keyboard.press("Enter")
    shows(page, "#queue", "1 menunggu dikirim")
    page.close()
    time.sleep(2)  # Chromium writes its profile a moment later
    seen: dict[str, Any] = {}
    for file in (tmp_path / "profile").rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            seen[str(file)] = hits(data) + hits(data.replace(b"\0", b""))  # browsers keep texts in UTF-16 too
    assert len(seen) > 20
    assert {name: found for name, found in seen.items() if found} == {}


def zones(seed: int) -> list[str]:
    """Passports and cards, half of them with a character exchanged."""
    chance = random.Random(seed)
    found = []
    for number in range(200):
        write = chance.choice((write_td3, write_td1))
        text = write(
            number="".join(chance.choices("XY0123456789", k=chance.choice((7, 9, 9, 12 if write is write_td1 else 9)))),
            surname=chance.choice(("SERAN", "BERE NAI", "O'BRIEN")),
            given_names=chance.choice(("MARIA", "", "YOHANES DE BRITO")),
            birth_date=date(1930, 1, 1) + timedelta(days=chance.randrange(34_000)),
            sex=chance.choice((Sex.F, Sex.M, Sex.X)),
            expires_on=date(2027, 1, 1) + timedelta(days=chance.randrange(3_000)),
        )
        if number % 2:
            place = chance.randrange(len(text))
            text = text if text[place] == "\n" else f"{text[:place]}{chance.choice('A0<9')}{text[place + 1 :]}"
        found.append(text.replace("\n", "") if number % 5 == 0 else text)
    return found


def test_the_form_reads_a_zone_as_the_publisher_does(broker: str, context: BrowserContext, tmp_path: Path) -> None:
    seed = int(os.environ.get("LINTAS_TEST_SEED", random.randrange(10**9)))
    sys.stdout.write(f"LINTAS_TEST_SEED={seed}\n")
    texts = zones(seed)
    with running_gateway(tmp_path / "g", broker) as gateway:
        page = opened(context, gateway)
        script = """async (texts) => {
          const form = await import("/form/mrz.js");
          return texts.map((text) => form.readMrz(text, new Date()));
        }"""
        read = page.evaluate(script, texts)
    today = datetime.now(UTC).date()
    wrong = 0
    for text, theirs in zip(texts, read, strict=True):
        ours = read_mrz(text, today)
        assert not ours.problem
        fields, checks = theirs["fields"], theirs["checks"]
        assert all(checks.values()) == ours.ok, text
        wrong += not ours.ok
        assert checks["document_number"] == ours.checks["number"], text
        assert checks["birth_date"] == ours.checks["birth_date"], text
        assert fields["document_number"] == (ours.number or ""), text
        assert fields["name"] == ours.name, text
        if ours.birth_date and ours.checks["birth_date"]:
            assert fields["birth_date"] == ours.birth_date.isoformat(), text
    assert 15 < wrong < 100


def test_every_file_of_the_form_is_served_and_names_no_other_host() -> None:
    from importlib import resources

    folder = resources.files("producers.gateway").joinpath("web")
    assert {file.name for file in folder.iterdir()} == set(FILES.values())
    worker = folder.joinpath("sw.js").read_text()
    for path, name in FILES.items():
        text = folder.joinpath(name).read_text()
        assert "//" not in text.replace("// ", "").replace("</", "")
        assert path == "/sw.js" or f'"{path}"' in worker
