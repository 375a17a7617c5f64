"""Sessions: kept on the server, named by a random cookie of which only a digest is stored, made anew at every login."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.database import Database
from console.users import User, Users

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
PURPOSE_LASTS = timedelta(hours=1)
NOTED_EVERY = timedelta(minutes=1)
"""How precisely the last use is kept: not every page writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever is logged in, for the length of a request."""

    user: User
    session: str
    """Digest of the cookie."""
    csrf: str
    purpose: str
    """Why they read pages of persons; empty = not said, or too long ago."""

    @property
    def province(self) -> str:
        """The only province that they may see; empty = all."""
        return self.user.province


class Sessions:
    """All sessions."""

    def __init__(self, database: Database, users: Users) -> None:
        self._database = database
        self._users = users

    def start(self, user: User, *, at: datetime) -> str:
        """A new session; its cookie."""
        cookie = secrets.token_urlsafe(32)
        with self._database.writing() as link:
            link.execute("DELETE FROM sessions WHERE made_at < ?", ((at - LONGEST).isoformat(),))
            link.execute(
                "INSERT INTO sessions (digest, user, csrf, made_at, seen_at) VALUES (?, ?, ?, ?, ?)",
                (_digest(cookie), user.name, secrets.token_urlsafe(32), at.isoformat(), at.isoformat()),
            )
        return cookie

    def find(self, cookie: str, *, at: datetime) -> Visitor | None:
        """Who has this cookie; None where the session is over or the user may not log in any more."""
        digest = _digest(cookie)
        with self._database.open() as link:
            row = link.execute("SELECT * FROM sessions WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            return None
        made, seen = (datetime.fromisoformat(row[name]) for name in ("made_at", "seen_at"))
        user = self._users.find(row["user"])
        if at - made > LONGEST or at - seen > IDLE or user is None or user.disabled:
            self.end(digest)
            return None
        if at - seen > NOTED_EVERY:
            with self._database.writing() as link:
                link.execute("UPDATE sessions SET seen_at = ? WHERE digest = ?", (at.isoformat(), digest))
        fresh = row["purpose_at"] and at - datetime.fromisoformat(row["purpose_at"]) <= PURPOSE_LASTS
        return Visitor(user=user, session=digest, csrf=row["csrf"], purpose=row["purpose"] if fresh else "")

    def say_purpose(self, session: str, purpose: str, *, at: datetime) -> None:
        """Remember why persons' pages are read."""
        with self._database.writing() as link:
            link.execute(
                "UPDATE sessions SET purpose = ?, purpose_at = ? WHERE digest = ?", (purpose, at.isoformat(), session)
            )

    def end(self, session: str) -> None:
        """End a session."""
        with self._database.writing() as link:
            link.execute("DELETE FROM sessions WHERE digest = ?", (session,))


class LoginTokens:
    """Guards the login form, which has no session yet: the form's token must belong to the browser's cookie."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def cookie(self) -> str:
        """A new cookie."""
        return secrets.token_urlsafe(24)

    def token(self, cookie: str) -> str:
        """What the form must bring for that cookie."""
        return hmac.new(self._secret, cookie.encode(), hashlib.sha256).hexdigest()

    def fits(self, cookie: str, token: str) -> bool:
        """Whether they belong together."""
        return bool(cookie) and hmac.compare_digest(self.token(cookie).encode(), token.encode())


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
