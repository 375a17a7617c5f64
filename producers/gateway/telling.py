"""What the gateway says when a request is not done, and what it notes of every request: nothing of its content."""

from __future__ import annotations

import time

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.gateway.answers import PROBLEM_JSON, Refusal
from producers.gateway.metrics import Meters
from schemas.vitals import LIVE, READY

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = structlog.get_logger("producers.gateway")


def problem(refusal: Refusal, headers: dict[str, str] | None = None) -> Response:
    """The answer to a request that is not done."""
    more = dict(headers or {})
    if refusal.retry_after_seconds is not None:
        more["Retry-After"] = str(refusal.retry_after_seconds)
    if refusal.problem.status == 401:
        more["WWW-Authenticate"] = "Bearer"
    body = refusal.problem.model_dump_json().encode()
    return Response(body, status_code=refusal.problem.status, headers=more, media_type=PROBLEM_JSON)


def refused(_: Request, error: Refusal) -> Response:
    """Answers with the problem that it carries."""
    return problem(error)


def misread(_: Request, error: Exception) -> Response:
    """A parameter is wrong; the framework's own answer would repeat what came."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    places = sorted({".".join(str(part) for part in one["loc"][1:2]) for one in found})
    detail = f"{', '.join(places) or 'a parameter'} is not of its documented form"
    return problem(Refusal(422, "bad_parameter", detail, "see /openapi.json"))


def not_here(_: Request, error: HTTPException) -> Response:
    """Answers to a path or method that is not there."""
    status = error.status_code if error.status_code in (404, 405) else 400
    code = {404: "no_such_path", 405: "wrong_method"}.get(status, "bad_request")
    return problem(Refusal(status, code, "there is nothing here by that name and method", "see /openapi.json"),
                    dict(error.headers or {}))  # fmt: skip


def defect(_: Request, error: Exception) -> Response:
    """Answers when something of ours is broken; the text of the error may hold a value."""
    log.error("unexpected", error=type(error).__name__)
    return problem(Refusal(500, "defect", f"unexpected {type(error).__name__}", "tell the gateway's operator"))


class Telling:
    """Logs and counts each request by its route: a path or query as it came may hold anything."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._tell(scope, status, time.monotonic() - begun)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self._meters.requests.labels(route, str(status)).inc()
        self._meters.seconds.labels(route).observe(seconds)
        if route in (LIVE, READY):
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"
        bearer = scope.get("state", {}).get("bearer", "")
        log.info("answered", route=route, method=method, status=status, seconds=round(seconds, 3), bearer=bearer)
