"""The console as one ASGI application: pages, static files, and the headers that hold browsers to our own content."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from importlib import resources
from urllib.parse import urlencode

from clickhouse_driver.errors import Error as ClickHouseError
from clickhouse_driver.errors import ServerException
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from console.desk import Desk
from console.entry import Forbidden, NoSuchPage, NotLoggedIn, TooFast, Unfit, desk_of
from console.pages import auditing, flag, login, measures, person, reviewing, search, standing, today
from console.rendering import LANGUAGE_COOKIE, LANGUAGES, page

_log = logging.getLogger(__name__)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_YEAR_SECONDS = 31_536_000


def create_app(desk: Desk) -> FastAPI:
    """The application; it reads no environment and no clock of its own."""
    app = FastAPI(title="Lintas", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    for part in (login, today, flag, reviewing, person, standing, measures, search, auditing):
        app.include_router(part.router)
    static = str(resources.files("console").joinpath("static"))
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.middleware("http")(_guard)
    app.add_api_route("/livez", _is_alive)
    app.add_api_route("/readyz", _is_ready)
    _add_errors(app)
    return app


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    language = request.query_params.get("lang")
    if request.method == "GET" and language in LANGUAGES:
        response: Response = _in_language(request, str(language))
    elif request.method == "POST" and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        response = PlainTextResponse("this form is not ours\n", status_code=403)
    else:
        response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if desk_of(request).https:
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"
    if not request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _in_language(request: Request, language: str) -> Response:
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    target = f"{request.url.path}?{urlencode(rest)}" if rest else request.url.path
    response = RedirectResponse(_local(target), status_code=303)
    response.set_cookie(
        LANGUAGE_COOKIE, language, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=desk_of(request).https
    )
    return response


def _local(target: str) -> str:
    """`//host` would lead away."""
    return "/" + target.lstrip("/\\")


def _is_alive() -> PlainTextResponse:
    return PlainTextResponse("alive\n")


def _is_ready(request: Request) -> PlainTextResponse:
    try:
        with desk_of(request).clients.one() as client:
            client.execute("SELECT 1")
    except (ClickHouseError, OSError, EOFError):
        return PlainTextResponse("ClickHouse does not answer\n", status_code=503)
    return PlainTextResponse("ready\n")


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(NotLoggedIn)
    def to_login(request: Request, error: Exception) -> Response:
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Refresh": "true"})
        if request.method != "GET":
            return RedirectResponse("/login", status_code=303)
        wanted = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        return RedirectResponse(f"/login?{urlencode({'next': wanted})}", status_code=303)

    def told(kind: type[Exception] | int, code: int) -> None:
        @app.exception_handler(kind)
        def tell(request: Request, error: Exception) -> HTMLResponse:
            return _error(request, code, error)

    told(Forbidden, 403)
    told(NoSuchPage, 404)
    told(TooFast, 429)
    told(Unfit, 422)
    told(RequestValidationError, 422)
    for kind in (ClickHouseError, ConnectionError, TimeoutError, EOFError):
        told(kind, 503)
    told(ServerException, 500)  # it answers, and our question was wrong
    told(Exception, 500)

    @app.exception_handler(HTTPException)
    def plain(request: Request, error: HTTPException) -> Response:
        return _error(request, error.status_code if error.status_code in (403, 404) else 422, error)


def _error(request: Request, code: int, error: Exception) -> HTMLResponse:
    if code >= 500:
        _log.error("%s on a page: %s", code, type(error).__name__)  # values of the request stay out of it
    what = str(error) if isinstance(error, Unfit) else ""
    visitor = getattr(request.state, "visitor", None)
    return page(request, "error.html", visitor, {"code": code, "what": what}, status_code=code)
