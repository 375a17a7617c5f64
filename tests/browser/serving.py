"""A console that runs in a thread, and a Chromium that visits it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pyotp
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from console.access import Role
from console.app import create_app
from console.desk import Desk
from console.users import User
from lintas.stack.ports import free_ports
from tests.integration.officed import PASSWORD

OFFICE, PHONE = (1366, 768), (390, 844)
CHROMIUM = shutil.which("chromium")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can log in."""

    name: str
    secret: str

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.secret).at(at)


def somebody(desk: Desk, name: str, role: Role, province: str = "") -> Person:
    user = User(name=name, role=role, province=province)
    return Person(name=name, secret=desk.users.add(user, PASSWORD, at=desk.clock()))


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The console's address, as long as the block lasts."""
    (port,) = free_ports(1)
    config = uvicorn.Config(create_app(desk), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until, "the console did not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        desk.clients.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, base: str, person: Person, at: datetime) -> None:
    page.goto(f"{base}/login")
    page.locator("[name=name]").fill(person.name)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=code]").fill(person.code(at))
    page.locator("main button").click()
    page.wait_for_url(lambda url: "/login" not in url)


def say_purpose(page: Page) -> None:
    """Answer the question before a page about a person, where it is asked."""
    if page.locator("input[name=purpose]").count():
        page.locator("input[name=purpose]").first.check()
        page.locator("main button.primary").click()
        page.wait_for_load_state()
