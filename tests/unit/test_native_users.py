"""Who may log in to the local ClickHouse server."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from lintas.clickhouse.errors import StartError, StatementError
from lintas.clickhouse.server import listen
from lintas.clickhouse.users import User, authenticate, read_users, write_users

USERS = [User.with_password("lintas", "secret"), User.with_password("analyst", "look", readonly=2)]


def test_users_come_back_from_their_file_without_passwords_in_it(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    write_users(file, USERS)
    assert list(read_users(file).values()) == USERS
    assert "secret" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_the_right_password_opens() -> None:
    users = {user.name: user for user in USERS}
    assert authenticate(users, "analyst", b"look") == USERS[1]
    assert authenticate(users, "analyst", b"secret") is None
    assert authenticate(users, "analyst", b"") is None
    assert authenticate(users, "nobody", b"look") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("{}", "names no user"),
        ("[]", "names no user"),
        (json.dumps({"a": {"sha256": "short"}}), "user a needs sha256"),
        (json.dumps({"a": {"sha256": "0" * 64, "readonly": 3}}), "readonly 0, 1 or 2"),
        (json.dumps({"a": "secret"}), "user a needs sha256"),
    ],
)
def test_a_wrong_users_file_says_what_is_wrong(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "users.json"
    file.write_text(content)
    with pytest.raises(StartError, match=said) as refused:
        read_users(file)
    assert str(file) in str(refused.value)


def test_a_missing_users_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot read the users file .*users\.json: No such file"):
        read_users(tmp_path / "users.json")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_an_address_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(StartError, match="not a loopback address"):
        listen(host, 0)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("Code: 60. DB::Exception: Table x\ndoes not exist.", 60, "DB::Exception: Table x\ndoes not exist."),
        ("Failed to create connection", 1002, "DB::Exception: Failed to create connection"),
    ],
)
def test_the_text_of_the_engine_becomes_a_code(text: str, code: int, told: str) -> None:
    error = StatementError.from_engine(RuntimeError(text))
    args: tuple[Any, ...] = (error.code, error.text)
    assert args == (code, told)
