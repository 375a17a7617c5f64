"""Users, sessions and the audit of the console: nothing can be read back, reused or changed unseen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from console.access import RIGHTS, Right, Role
from console.audit import Audit, ensure_key
from console.database import Database
from console.lists import _cell
from console.pacing import Pace
from console.pages.login import inside
from console.sessions import IDLE, LONGEST, PURPOSE_LASTS, LoginTokens, Sessions
from console.users import STEP_SECONDS, User, UserError, Users

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
PASSWORD = "kata-sandi-panjang"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.at(tmp_path / "console" / "console.db")


@pytest.fixture
def audit(database: Database, tmp_path: Path) -> Audit:
    chain = Audit(database, ensure_key(tmp_path / "console" / "audit.key"))
    for number in range(5):
        chain.add(at=NOW + timedelta(seconds=number), who="ana", action="read_flag", subject=f"kepri/e{number}")
    return chain


def tampered(database: Database, *statements: str) -> None:
    """What somebody with the file and without the key can do."""
    link = sqlite3.connect(database.file)
    for statement in ("DROP TRIGGER audit_is_not_changed", "DROP TRIGGER audit_is_not_deleted", *statements):
        link.execute(statement)
    link.commit()
    link.close()


def test_an_untouched_chain_is_whole(audit: Audit) -> None:
    found = audit.verify()
    assert (found.rows, found.faults) == (5, ())
    assert audit.holds(found.head)
    audit.add(at=NOW, who="ana", action="logout")
    assert audit.holds(found.head), "a head that was noted stays in the chain"
    assert not audit.holds("3:" + "0" * 32)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET who = 'budi' WHERE number = 3", "row 3 was changed"),
        ("UPDATE audit SET purpose = 'case' WHERE number = 1", "row 1 was changed"),
        ("DELETE FROM audit WHERE number = 3", "rows 3 to 3 are missing"),
        ("DELETE FROM audit WHERE number = 1", "rows 1 to 1 are missing"),
        ("DELETE FROM audit WHERE number > 3", "rows 4 to 5 are missing"),
        ("DELETE FROM audit", "rows 1 to 5 are missing"),
        ("UPDATE audit_head SET number = 4", "the head names row 4, and the last row is 5"),
        ("INSERT INTO audit SELECT 6, at, who, action, subject, purpose, detail, seal, seal FROM audit LIMIT 1",
         "row 6 was changed"),
    ],
)  # fmt: skip
def test_a_changed_or_missing_row_is_found(audit: Audit, database: Database, statement: str, told: str) -> None:
    tampered(database, statement)
    assert told in audit.verify().faults


def test_a_tail_that_was_cut_with_its_head_is_found_by_a_head_that_was_noted(audit: Audit, database: Database) -> None:
    noted = audit.verify().head
    tampered(
        database,
        "DELETE FROM audit WHERE number > 3",
        "UPDATE audit_head SET number = 3, seal = (SELECT seal FROM audit WHERE number = 3)",
    )
    assert audit.verify().faults == ()
    assert not audit.holds(noted)


def test_the_database_itself_refuses_changes_of_the_audit(audit: Audit, database: Database) -> None:
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with database.open() as link, pytest.raises(sqlite3.IntegrityError, match="only appended"):
            link.execute(statement)


def added(database: Database, role: Role = Role.ANALYST, province: str = "") -> tuple[Users, pyotp.TOTP]:
    users = Users(database)
    return users, pyotp.TOTP(users.add(User(name="ana", role=role, province=province), PASSWORD, at=NOW))


def test_a_code_lets_in_once(database: Database) -> None:
    users, totp = added(database)
    code = totp.at(NOW)
    assert users.log_in("ana", PASSWORD, code, at=NOW) == User(name="ana", role=Role.ANALYST)
    assert users.log_in("ana", PASSWORD, code, at=NOW) is None
    later = NOW + timedelta(seconds=STEP_SECONDS)
    assert users.log_in("ana", PASSWORD, totp.at(later), at=later) is not None


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("ana", "kata-sandi-panjanG", lambda totp: totp.at(NOW)),
        ("ana", PASSWORD, lambda totp: "000000"),
        ("ana", PASSWORD, lambda totp: totp.at(NOW - timedelta(minutes=5))),
        ("ANA", PASSWORD, lambda totp: totp.at(NOW)),
        ("nobody", PASSWORD, lambda totp: totp.at(NOW)),
    ],
)
def test_whatever_is_wrong_nobody_gets_in(
    database: Database, name: str, password: str, code: Callable[[pyotp.TOTP], str]
) -> None:
    users, totp = added(database)
    assert users.log_in(name, password, code(totp), at=NOW) is None


def test_neither_password_nor_session_can_be_read_from_the_file(database: Database) -> None:
    users, totp = added(database)
    user = users.log_in("ana", PASSWORD, totp.at(NOW), at=NOW)
    assert user is not None
    cookie = Sessions(database, users).start(user, at=NOW)
    stored = b"".join(file.read_bytes() for file in database.file.parent.iterdir())
    assert PASSWORD.encode() not in stored
    assert cookie.encode() not in stored
    assert b"$argon2id$" in stored
    assert database.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("user", "password", "told"),
    [
        (User(name="Ana Seran", role=Role.ANALYST), PASSWORD, "small letters"),
        (User(name="omar", role=Role.PROVINCE_OFFICER), PASSWORD, "--province"),
        (User(name="omar", role=Role.ANALYST, province="kepri"), PASSWORD, "only a province officer"),
        (User(name="omar", role=Role.ANALYST), "kurang", "12 characters"),
    ],
)
def test_a_user_that_cannot_be_is_refused_in_words(database: Database, user: User, password: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        Users(database).add(user, password, at=NOW)


def test_a_session_ends_by_rest_by_age_by_a_new_password_and_by_disabling(database: Database) -> None:
    users, _ = added(database)
    sessions, user = Sessions(database, users), User(name="ana", role=Role.ANALYST)
    cookie = sessions.start(user, at=NOW)
    assert sessions.find(cookie, at=NOW + IDLE) is not None
    assert sessions.find(cookie, at=NOW + IDLE * 3) is None
    cookie, at = sessions.start(user, at=NOW), NOW
    while at - NOW <= LONGEST:
        assert sessions.find(cookie, at=at) is not None
        at += IDLE
    assert sessions.find(cookie, at=at) is None
    cookie = sessions.start(user, at=NOW)
    users.set_password("ana", PASSWORD + "!")
    assert sessions.find(cookie, at=NOW) is None
    cookie = sessions.start(user, at=NOW)
    users.set_disabled("ana", disabled=True)
    assert sessions.find(cookie, at=NOW) is None


def test_a_purpose_holds_for_an_hour(database: Database) -> None:
    users, _ = added(database)
    sessions = Sessions(database, users)
    cookie = sessions.start(User(name="ana", role=Role.ANALYST), at=NOW)
    visitor = sessions.find(cookie, at=NOW)
    assert visitor is not None
    assert visitor.purpose == ""
    sessions.say_purpose(visitor.session, "review", at=NOW)
    at, purposes = NOW, []
    while at <= NOW + PURPOSE_LASTS * 2:
        visitor = sessions.find(cookie, at=at)
        assert visitor is not None
        purposes.append(visitor.purpose)
        at += IDLE
    assert purposes == ["review", "review", "review", "", ""]


def test_a_login_token_belongs_to_one_cookie() -> None:
    tokens = LoginTokens()
    cookie, other = tokens.cookie(), tokens.cookie()
    assert tokens.fits(cookie, tokens.token(cookie))
    assert not tokens.fits(other, tokens.token(cookie))
    assert not tokens.fits("", tokens.token(""))


def test_attempts_are_counted_in_a_window_that_slides() -> None:
    pace = Pace(most=2, seconds=10)
    assert [pace.takes("ana", at) for at in (0, 1, 2, 9.9, 10.5)] == [True, True, False, False, True]
    assert pace.takes("budi", 2)
    pace.forgive("ana")
    assert pace.takes("ana", 10.6)


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "", "x"]
)
def test_a_login_leads_only_inside(target: str) -> None:
    assert inside(target) == ""
    assert inside("/flag/kepri/e1?version=2") == "/flag/kepri/e1?version=2"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\tx"])
def test_no_cell_of_a_file_is_run_by_a_spreadsheet(text: str) -> None:
    assert _cell(text) == f"'{text}"
    assert _cell(-3) == "-3"


def test_every_role_has_its_rights_and_only_reviewers_review() -> None:
    assert set(RIGHTS) == set(Role)
    assert {role for role in Role if Right.REVIEW in RIGHTS[role]} == {Role.ANALYST, Role.SUPERVISOR}
    assert {role for role in Role if Right.AUDIT in RIGHTS[role]} == {Role.AUDITOR}
