"""A console over an own database of the real engine, without a log: what is written is loaded at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
from fastapi.testclient import TestClient

from console.access import Role
from console.app import create_app
from console.audit import Audit, ensure_key
from console.database import Database
from console.desk import Clients, Desk
from console.pacing import Paces
from console.sessions import LoginTokens, Sessions
from console.users import User, Users
from lintas.policies import terms_of
from producers.withholding import OwnIdentifiers
from sinks.settings import StoreAddress
from sinks.store import connect
from streams.policy import shipped_policy
from tests.integration.sinking import Written, client_of
from tests.people import T0

PASSWORD = "kata-sandi-panjang"


@dataclass
class Clock:
    at: datetime = T0 + timedelta(hours=6)

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Office:
    """A console over an own database, whose reviews are loaded as soon as they are written."""

    desk: Desk
    written: Written
    clock: Clock
    clients: list[TestClient] = field(default_factory=list)

    def visitor(self, role: Role, name: str = "", province: str = "") -> TestClient:
        """Somebody who has logged in and said a purpose."""
        client = TestClient(create_app(self.desk), follow_redirects=False)
        self.clients.append(client)
        name = name or role.value.replace("_", "-")
        secret = self.desk.users.add(User(name=name, role=role, province=province), PASSWORD, at=self.clock())
        assert log_in(client, name, pyotp.TOTP(secret).at(self.clock())).status_code == 303
        if (page := client.get("/flag/kepri/e1")).status_code == 200 or province:
            page = client.get(f"/flag/{province}/n1") if province == "kaltara" else page
            said = client.post("/purpose", data={"csrf": token(page.text), "purpose": "review", "next": "/"})
            assert said.status_code == 303
        return client


def log_in(client: TestClient, name: str, code: str, password: str = PASSWORD, **more: str) -> Any:
    form = re.search(r'name="token" value="([^"]+)"', client.get("/login").text)
    assert form is not None
    return client.post("/login", data={"name": name, "password": password, "code": code, "token": form[1], **more})


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page[:400]
    return found[1]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@contextmanager
def opened(address: StoreAddress, place: Path) -> Iterator[Office]:
    written, clock = Written(client_of(address)), Clock()
    database, policy = Database.at(place / "console.db"), shipped_policy()
    users = Users(database)
    desk = Desk(
        clock=clock,
        clients=Clients(lambda: connect(address)),
        users=users,
        sessions=Sessions(database, users),
        audit=Audit(database, ensure_key(place / "audit.key")),
        login_tokens=LoginTokens(),
        paces=Paces(),
        write=lambda review: written.say(("reviews", review)),
        reveals=OwnIdentifiers(numbers=(), names=(), at=T0.date()).reveals,
        terms=terms_of(policy),
        thresholds={policy.digest: policy.review_threshold},
    )
    office = Office(desk=desk, written=written, clock=clock)
    try:
        yield office
    finally:
        for client in office.clients:
            client.close()
        desk.clients.close()
