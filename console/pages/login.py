"""Logging in and out, and the language of a visitor without a session."""

from __future__ import annotations

import time
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.access import Right
from console.desk import Desk
from console.entry import cookie_name, desk_of, posted
from console.rendering import page
from console.sessions import LONGEST, Visitor
from console.users import User

router = APIRouter()
COOKIE = "lintas_login"


@router.get("/login")
def form(request: Request, next: str = "") -> Response:
    """The form."""
    return _form(request, next)


@router.post("/login")
def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
    token: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Start a session; always a new one, whatever cookie the browser brought."""
    desk = desk_of(request)
    if not desk.login_tokens.fits(request.cookies.get(COOKIE, ""), token):
        return _form(request, next, wrong="log_in_stale", status_code=400)
    who = request.client.host if request.client else ""
    now, paces = time.monotonic(), desk.paces
    if not (paces.names.takes(name.casefold(), now) and paces.addresses.takes(who, now)):
        return _form(request, next, wrong="log_in_too_often", status_code=429)
    user = desk.users.log_in(name.strip(), password, code, at=desk.clock())
    if user is None:
        # what was typed as a name may be a password
        known = name.strip() if desk.users.find(name.strip()) else ""
        desk.audit.add(at=desk.clock(), who=known, action="login_failed")
        return _form(request, next, wrong="log_in_failed", status_code=401)
    paces.names.forgive(name.casefold())
    _end(request, desk)
    desk.audit.add(at=desk.clock(), who=user.name, action="login")
    response = RedirectResponse(inside(next) or home_of(user), status_code=303)
    response.set_cookie(
        cookie_name(desk),
        desk.sessions.start(user, at=desk.clock()),
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=desk.https,
    )
    response.delete_cookie(COOKIE)
    return response


@router.post("/logout")
def log_out(request: Request, visitor: Annotated[Visitor, Depends(posted(None))]) -> Response:
    """End the session."""
    desk = desk_of(request)
    desk.sessions.end(visitor.session)
    desk.audit.add(at=desk.clock(), who=visitor.user.name, action="logout")
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(cookie_name(desk), secure=desk.https)
    return response


def home_of(user: User) -> str:
    """The first page of a role."""
    if user.may(Right.FLAGS):
        return "/"
    return "/audit" if user.may(Right.AUDIT) else "/indicators"


def _form(request: Request, wanted: str, *, wrong: str = "", status_code: int = 200) -> HTMLResponse:
    desk = desk_of(request)
    cookie = request.cookies.get(COOKIE) or desk.login_tokens.cookie()
    values = {"token": desk.login_tokens.token(cookie), "wanted": inside(wanted), "wrong": wrong}
    response = page(request, "login.html", None, values, status_code=status_code)
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=desk.https)
    return response


def _end(request: Request, desk: Desk) -> None:
    before = desk.sessions.find(request.cookies.get(cookie_name(desk), ""), at=desk.clock())
    if before is not None:
        desk.sessions.end(before.session)


def inside(target: str) -> str:
    """An address of ours, or nothing."""
    parts = urlsplit(target)
    inside = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return target if inside and target.isprintable() else ""
