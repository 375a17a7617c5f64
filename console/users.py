"""Users of the console: argon2 passwords and one-time codes, nothing of which can be read back."""

from __future__ import annotations

import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.access import RIGHTS, Right, Role
from console.database import Database
from schemas.vocabulary import Province

LEAST_PASSWORD = 12
STEP_SECONDS = 30
STEPS_AWRY = 1
"""So many steps may a phone's clock be off."""
_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{1,39}$")


class UserError(ValueError):
    """The user cannot be made or changed; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may log in."""

    name: str
    role: Role
    province: str = ""
    """Of a province officer; whoever has one sees nothing of another."""
    disabled: bool = False

    def may(self, right: Right) -> bool:
        """Whether the role has it."""
        return right in RIGHTS[self.role]


class Users:
    """All users."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def add(self, user: User, password: str, *, at: datetime) -> str:
        """Make a user; the secret of the one-time codes, which is not shown again.

        Raises:
            UserError: the name is taken or unfit, the password too short, or the province does not fit the role.
        """
        _check(user)
        hashed, secret = self._hash(password), pyotp.random_base32()
        with self.database.writing() as link:
            try:
                link.execute(
                    "INSERT INTO users (name, role, province, password_hash, totp_secret, made_at)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (user.name, user.role.value, user.province, hashed, secret, at.isoformat()),
                )
            except sqlite3.IntegrityError:
                msg = f"there is a user {user.name} already: `lintas users list`"
                raise UserError(msg) from None
        return secret

    def every(self) -> list[User]:
        """By name."""
        with self.database.open() as link:
            return [_user(row) for row in link.execute("SELECT * FROM users ORDER BY name")]

    def find(self, name: str) -> User | None:
        """The user of that name."""
        with self.database.open() as link:
            row = link.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        return None if row is None else _user(row)

    def set_password(self, name: str, password: str) -> None:
        """Give a new password and end all sessions.

        Raises:
            UserError: no such user, or the password is too short.
        """
        self._change(name, "password_hash = ?", self._hash(password))

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """Let somebody in no more, or again; their sessions end.

        Raises:
            UserError: no such user.
        """
        self._change(name, "disabled = ?", int(disabled))

    def log_in(self, name: str, password: str, code: str, *, at: datetime) -> User | None:
        """The user, where password and one-time code are right and the code was not used before."""
        with self.database.open() as link:
            row = link.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        known = self._fits(row["password_hash"] if row else self._nobody, password)  # an unknown name takes as long
        if row is None or not known or row["disabled"]:
            return None
        step = _step_of(row["totp_secret"], code, at)
        if step is None:
            return None
        with self.database.writing() as link:
            taken = link.execute(
                "UPDATE users SET totp_step = ? WHERE name = ? AND totp_step < ?", (step, name, step)
            ).rowcount
        return _user(row) if taken else None

    def _fits(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _hash(self, password: str) -> str:
        if len(password) < LEAST_PASSWORD:
            msg = f"a password has at least {LEAST_PASSWORD} characters"
            raise UserError(msg)
        return self._hasher.hash(password)

    def _change(self, name: str, change: str, value: str | int) -> None:
        with self.database.writing() as link:
            if not link.execute(f"UPDATE users SET {change} WHERE name = ?", (value, name)).rowcount:
                msg = f"there is no user {name}: `lintas users list`"
                raise UserError(msg)
            link.execute("DELETE FROM sessions WHERE user = ?", (name,))


def provisioning_uri(name: str, secret: str) -> str:
    """What an authenticator application reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Lintas")


def _check(user: User) -> None:
    if not _NAME.match(user.name):
        msg = "a name has 2 to 40 small letters, digits, dots, dashes and underscores"
        raise UserError(msg)
    is_officer = user.role is Role.PROVINCE_OFFICER
    if is_officer and user.province not in {province.value for province in Province}:
        msg = f"a province officer needs --province: {', '.join(province.value for province in Province)}"
        raise UserError(msg)
    if user.province and not is_officer:
        msg = "only a province officer has a province"
        raise UserError(msg)


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    now = int(at.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    for step in range(now - STEPS_AWRY, now + STEPS_AWRY + 1):
        if secrets.compare_digest(totp.at(step * STEP_SECONDS).encode(), code.strip().encode()):
            return step
    return None


def _user(row: sqlite3.Row) -> User:
    return User(name=row["name"], role=Role(row["role"]), province=row["province"], disabled=bool(row["disabled"]))
