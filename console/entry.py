"""Who stands at the door: the visitor of a request, rights, form tokens, and the pace at which pages may be asked."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Request

from console.access import Right
from console.desk import Desk
from console.sessions import Visitor


class NotLoggedIn(Exception):
    """There is no session."""


class Forbidden(Exception):
    """The role does not have the right, or the form is not ours."""


class TooFast(Exception):
    """Too many requests."""


class NoSuchPage(Exception):
    """Nothing is known under this address, or not to this visitor."""


class Unfit(ValueError):
    """A question that cannot be asked so; the text says what can."""


def desk_of(request: Request) -> Desk:
    """What the roof handed in."""
    desk: Desk = request.app.state.desk
    return desk


def cookie_name(desk: Desk) -> str:
    """Over TLS the browser itself holds the cookie to this host."""
    return "__Host-lintas" if desk.https else "lintas"


def visitor_of(request: Request) -> Visitor:
    """Whoever is logged in.

    Raises:
        NotLoggedIn: nobody is.
        TooFast: the session asked for too many pages in a minute.
    """
    desk = desk_of(request)
    visitor = desk.sessions.find(request.cookies.get(cookie_name(desk), ""), at=desk.clock())
    if visitor is None:
        raise NotLoggedIn
    if not desk.paces.pages.takes(visitor.session, time.monotonic()):
        raise TooFast
    request.state.visitor = visitor
    return visitor


def allowed(right: Right) -> Callable[[Request], Visitor]:
    """A visitor with this right."""

    def check(request: Request) -> Visitor:
        visitor = visitor_of(request)
        if not visitor.user.may(right):
            raise Forbidden
        return visitor

    return check


def posted(right: Right | None) -> Callable[[Request, str], Visitor]:
    """A visitor with this right whose form carries the session's token."""

    def check(request: Request, csrf: Annotated[str, Form()] = "") -> Visitor:
        visitor = visitor_of(request)
        ours = hmac.compare_digest(csrf.encode(), visitor.csrf.encode())
        if not ours or (right is not None and not visitor.user.may(right)):
            raise Forbidden
        return visitor

    return check
