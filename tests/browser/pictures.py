"""Pictures of every page of the console, by one command: `python -m tests.browser.pictures --dir STACK`.

The stack must run and hold crossings (`lintas demo`, then `lintas up`); two flags are reviewed on the way.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from console.access import Role
from console.desk import Desk
from lintas.consoling import desk_of
from lintas.settings import Settings
from sinks.casework import Wish, flag_list
from tests.browser.serving import OFFICE, PHONE, chromium, log_in, say_purpose, served, somebody

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=IMAGES)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    settings = Settings.from_env(dict(os.environ), asked.dir)
    with tempfile.TemporaryDirectory() as own:
        # users and audit of its own: nobody's log-in is used, and nobody's audit gets lines
        settings = _elsewhere(settings, Path(own))
        desk = desk_of(settings, lambda: datetime.now(UTC), https=False, refresh_seconds=10)
        with served(desk) as base, chromium() as browser:
            _take(browser, desk, base, asked.out)


def _elsewhere(settings: Settings, own: Path) -> Settings:
    from dataclasses import replace

    return replace(settings, directory=own)


def _take(browser: Browser, desk: Desk, base: str, out: Path) -> None:
    at = desk.clock()
    ana, adi = somebody(desk, "ana.seran", Role.ANALYST), somebody(desk, "adi.audit", Role.AUDITOR)
    with desk.clients.one() as client:
        rows = list(flag_list(client, Wish(sort="highest"), now=at, limit=40))
    flags = [row for row in rows if row["state"] == "open"]
    first = max(flags, key=lambda row: len(row["rules"]))
    address = f"/flag/{first['province']}/{first['event_id']}"
    page = browser.new_page(viewport={"width": OFFICE[0], "height": OFFICE[1]})
    page.goto(f"{base}/login")
    _shoot(page, out / "login.png")
    log_in(page, base, ana, desk.clock())
    page.goto(f"{base}{address}")
    _shoot(page, out / "purpose.png")
    say_purpose(page)
    page.get_by_role("button", name="Ambil untuk ditinjau").click()
    page.locator(".done").wait_for()
    page.goto(f"{base}{address}")
    _shoot(page, out / "flag.png", whole=True)
    page.goto(f"{base}{address.replace('/flag/', '/referral/')}")
    _shoot(page, out / "referral.png", whole=True)
    page.goto(f"{base}{_richest(desk, rows).replace('/flag/', '/person/')}")
    _shoot(page, out / "person.png", whole=True)
    for name, path in (
        *(("today", "/"), ("rules", "/rules"), ("feeds", "/feeds"), ("accounting", "/accounting")),
        *(("indicators", "/indicators"), ("search", f"/search?id={first['event_id']}"), ("error", "/nowhere")),
        *(("empty", "/?rule=R99"), ("today-en", "/?lang=en")),
    ):
        page.goto(f"{base}{path}")
        _shoot(page, out / f"{name}.png", whole=name in ("indicators", "rules"))
    page.goto(f"{base}{address}")
    _shoot(page, out / "flag-en.png")
    page.goto(f"{base}/?lang=id")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for name, path in (("today-phone", "/"), ("flag-phone", address), ("rules-phone", "/rules")):
        page.goto(f"{base}{path}")
        _shoot(page, out / f"{name}.png")
    auditor = browser.new_context(viewport={"width": OFFICE[0], "height": OFFICE[1]}).new_page()
    log_in(auditor, base, adi, desk.clock())
    auditor.goto(f"{base}/audit?verify=1")
    _shoot(auditor, out / "audit.png")


def _richest(desk: Desk, rows: list[dict[str, object]]) -> str:
    """The page of the flag whose person was seen most often."""
    from sinks.timeline import timeline

    with desk.clients.one() as client:
        sizes = {}
        for row in rows:
            found = timeline(client, str(row["province"]), str(row["event_id"])) or {}
            sizes[f"/flag/{row['province']}/{row['event_id']}"] = sum(map(len, found["crossings"]))
    return max(sizes, key=lambda one: sizes[one])


def _shoot(page: Page, file: Path, *, whole: bool = False) -> None:
    page.screenshot(path=file, full_page=whole)


if __name__ == "__main__":
    main()
