"""The HTTP face of the gateway: routes, who is let in, and answers that repeat nothing of a request."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

import anyio
import structlog
from anyio import from_thread, to_thread
from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BeforeValidator
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from producers.columns import CROSSINGS, KINDS, FileKind
from producers.gateway.answers import PROBLEM_JSON, Answer, Problem, Refusal
from producers.gateway.api_keys import ApiKey, KeyFileBroken, KeyRing
from producers.gateway.bodies import Form, Incoming, body_too_large, form_of
from producers.gateway.examples import request_body
from producers.gateway.form import FILES, about_gateway, file_answer
from producers.gateway.handling import Asked, Handler
from producers.gateway.limits import Buckets
from producers.gateway.remembering import MOST_CHARACTERS, Remembered
from producers.gateway.sealing import SealingKey
from producers.gateway.telling import Telling, defect, misread, not_here, refused
from schemas.vitals import LIVE, READY, Health
from schemas.vocabulary import Province

log = structlog.get_logger("producers.gateway")

Health_ = Callable[[], Health]
Receipts = Callable[[Province, date | None, str | None], Iterable[str]]
"""Lines of JSON for a day (None = today), or for one event."""
_BEARER = HTTPBearer(auto_error=False, description="A key made by `lintas gateway key new`.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
_JSON_ANSWER = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
_PROBLEM = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}


@dataclass(slots=True, kw_only=True)
class Door:
    """What lets requests in, and what does them."""

    ring: KeyRing
    handler: Handler
    sealing: SealingKey
    receipts: Receipts | None = None
    """Asks the store what became of a province's records; None = this gateway knows no store."""
    live: Health_
    ready: Health_
    buckets: Buckets = field(init=False)
    working: anyio.CapacityLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.buckets = Buckets(self.handler.limits)
        self.working = anyio.CapacityLimiter(self.handler.limits.at_once)

    def bearer(self, credentials: HTTPAuthorizationCredentials | None) -> ApiKey:
        """Whose request it is.

        Raises:
            Refusal: no key, a wrong one, or too many requests with it.
        """
        try:
            key = self.ring.find(credentials.credentials) if credentials else None
        except KeyFileBroken as error:
            log.error("nobody is let in", error=str(error))
            raise Refusal(503, "keys_unreadable", "the gateway cannot read its keys", "tell its operator",
                          retry_after_seconds=60) from None  # fmt: skip
        if key is None:
            mend = "send `Authorization: Bearer KEY`; the gateway's operator makes keys by `lintas gateway key new`"
            raise Refusal(401, "no_key", "the request has no key that this gateway knows", mend)
        wait = self.buckets.take(key.id, time.monotonic())
        if wait is not None:
            raise Refusal(429, "too_many_requests", "this key sends more requests than are taken",
                          "wait as long as Retry-After says; send several rows in one request",
                          retry_after_seconds=wait)  # fmt: skip
        return key


def let_in(request: Request, credentials: Credentials) -> ApiKey:
    """Whose request it is; asked before anything else of the request is looked at.

    Raises:
        Refusal: see `Door.bearer`.
    """
    door: Door = request.app.state.door
    key = door.bearer(credentials)
    request.state.bearer = key.id
    return key


Bearer = Annotated[ApiKey, Depends(let_in)]


def make_app(door: Door) -> FastAPI:
    """The application; whoever serves it closes the handler's carrier and memory."""
    app = FastAPI(
        title="Lintas gateway",
        version="1",
        summary="Travellers' crossings, departures, heartbeats and reports over HTTP.",
        description=(
            "Runs inside the province, beside its linkage key: rows are pseudonymised here and no raw identity goes "
            "further. The keys of a row are those of docs/files.md. A row is accepted once Kafka has acknowledged it."
        ),
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.add_exception_handler(Refusal, refused)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, misread)
    app.add_exception_handler(HTTPException, not_here)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, defect)
    app.state.door = door
    app.add_middleware(Telling, meters=door.handler.meters)
    for kind in KINDS.values():
        _add_posting(app, door, kind)
    _add_receipts(app, door)
    _add_form(app, door)
    _add_health(app, door)
    return app


def _add_posting(app: FastAPI, door: Door, kind: FileKind) -> None:
    async def post(
        request: Request,
        bearer: Bearer,
        dry_run: Annotated[bool, Query(description="Read and check everything, publish nothing.")] = False,
        idempotency_key: Annotated[
            str | None,
            Header(
                min_length=1,
                max_length=MOST_CHARACTERS,
                pattern=r"^[!-~]+$",
                description="With the same body the first answer comes again; with another body it is 409.",
            ),
        ] = None,
    ) -> Response:
        if not bearer.may_publish(kind):
            detail = f"this key may not publish {kind.name}"
            raise Refusal(403, "wrong_key", detail, "ask the gateway's operator for a key of the owner of these rows")
        form = form_of(request.headers.get("content-type", ""))
        asked = Asked(kind=kind, form=form, bearer=bearer, dry_run=dry_run, idempotency_key=idempotency_key)
        done = await _in_a_thread(door, request, asked)
        return Response(done.body, status_code=done.status, headers=_told(done), media_type="application/json")

    app.add_api_route(
        f"/v1/{kind.name}",
        post,
        methods=["POST"],
        operation_id=f"post_{kind.name}",
        summary=f"Publish {kind.name}: one, an array of them, or NDJSON.",
        response_class=Response,
        response_model=None,
        status_code=200,
        responses=_responses(),
        openapi_extra={"requestBody": request_body(kind)},
    )


def _told(done: Remembered) -> dict[str, str]:
    return {"Idempotency-Replayed": "true"} if done.again else {}


def _responses() -> dict[int | str, dict[str, Any]]:
    told: dict[int | str, dict[str, Any]] = {
        200: {"description": "All rows are accepted: Kafka has acknowledged them.", "content": _JSON_ANSWER},
        202: {"description": "All rows are stored in the outbox.", "content": _JSON_ANSWER},
        207: {"description": "Some rows are rejected: see each result.", "content": _JSON_ANSWER},
        422: {"description": "All rows are rejected, or a parameter is wrong.", "content": _JSON_ANSWER | _PROBLEM},
    }
    told[200]["model"] = Answer
    return told | {status: text for status, text in _problems().items() if status != 404}


def _problems() -> dict[int | str, dict[str, Any]]:
    told: dict[int | str, dict[str, Any]] = {}
    for status, text in {
        400: "The body cannot be read; nothing is published.",
        401: "No key, or an unknown one.",
        403: "The key is not for these rows.",
        404: "This gateway knows no store to ask.",
        408: "The client sent nothing for too long.",
        409: "The idempotency key came with another body, or is being worked on.",
        413: "The body or the number of rows is too large.",
        415: "The body is in another form.",
        429: "Too many requests.",
        503: "Kafka has not acknowledged; repeat the request.",
    }.items():
        told[status] = {"description": text, "content": _PROBLEM, "model": Problem}
        if status in (429, 503):
            told[status]["headers"] = _RETRY
    return told


async def _in_a_thread(
    door: Door, request: Request, asked: Asked, opening: Callable[[bytes], bytes] | None = None
) -> Remembered:
    """Do the request beside the event loop; its body is pulled from there as it is needed."""
    limits = door.handler.limits
    streamed = asked.form is Form.NDJSON and (asked.idempotency_key is None or asked.dry_run)
    most = limits.stream_bytes if streamed else limits.body_bytes
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise body_too_large(most)
    if door.working.available_tokens < 1:
        raise Refusal(503, "busy", "the gateway does as many requests as it can", "repeat the request a little later",
                      retry_after_seconds=1)  # fmt: skip
    chunks = request.stream()

    async def pull() -> bytes:
        return await _next(chunks, limits.idle_seconds)

    body = Incoming(lambda: from_thread.run(pull), most, opening)
    return await to_thread.run_sync(door.handler.handle, asked, body, limiter=door.working)


async def _next(chunks: AsyncIterator[bytes], idle_seconds: float) -> bytes:
    try:
        with anyio.fail_after(idle_seconds):
            return await anext(chunks, b"")
    except TimeoutError:
        detail = f"nothing came for {idle_seconds:g} s in the middle of the body"
        raise Refusal(408, "too_slow", detail, "repeat the request over a better line, with fewer rows") from None
    except ClientDisconnect:
        raise Refusal(400, "gone", "the client went away", "repeat the request") from None


def iso_day(text: str) -> date:
    """A calendar day as it is documented; pydantic would take seconds since 1970 too.

    Raises:
        ValueError: it is none.
    """
    found = date.fromisoformat(text)
    if text != found.isoformat() or not 1990 <= found.year <= 2100:
        msg = "not YYYY-MM-DD"
        raise ValueError(msg)
    return found


def _add_receipts(app: FastAPI, door: Door) -> None:
    def get(
        bearer: Bearer,
        day: Annotated[
            date | None, BeforeValidator(iso_day), Query(description="In the province's zone; today if not given.")
        ] = None,
        event: Annotated[
            str | None,
            Query(min_length=1, max_length=128, description="One event instead, or one rejected row by its digest."),
        ] = None,
    ) -> Response:
        if bearer.province is None:
            detail = "receipts are for provinces, and this key is none's"
            raise Refusal(403, "wrong_key", detail, "ask with a key of the province")
        if door.receipts is None:
            detail, mend = "this gateway knows no store to ask", "set LINTAS_CLICKHOUSE where it runs"
            raise Refusal(404, "no_store", detail, mend)
        lines = door.receipts(bearer.province, day, event)
        return Response("".join(f"{line}\n" for line in lines), media_type=Form.NDJSON.value)

    lines = {Form.NDJSON.value: {"schema": {"type": "string", "description": "One JSON object a line."}}}
    told: dict[int | str, dict[str, Any]] = {s: t for s, t in _problems().items() if s in (401, 403, 404, 429, 503)}
    app.add_api_route(
        "/v1/receipts",
        get,
        methods=["GET"],
        operation_id="get_receipts",
        summary="What became of each record of the key's province; the last line of a day is its total.",
        response_class=Response,
        response_model=None,
        responses={
            200: {"description": "As `lintas receipts --format json` writes them.", "content": lines},
            **told,
            422: {"description": "A parameter is wrong.", "content": _PROBLEM},
        },
    )


def _add_form(app: FastAPI, door: Door) -> None:
    async def post(request: Request, bearer: Bearer) -> Response:
        if not bearer.may_publish(CROSSINGS):
            raise Refusal(403, "wrong_key", "this key may not publish crossings", "use the key of the checkpoint")
        asked = Asked(kind=CROSSINGS, form=Form.JSON, bearer=bearer, dry_run=False, idempotency_key=None)
        done = await _in_a_thread(door, request, asked, opening=door.sealing.open)
        return Response(done.body, status_code=done.status, media_type="application/json")

    app.add_api_route("/v1/sealed", post, methods=["POST"], include_in_schema=False)
    app.add_api_route("/form/gateway.json", about_gateway(door.sealing), methods=["GET"], include_in_schema=False)
    for path, name in FILES.items():
        app.add_api_route(path, file_answer(name), methods=["GET"], include_in_schema=False)


def _add_health(app: FastAPI, door: Door) -> None:
    for path, ask in ((LIVE, door.live), (READY, door.ready)):
        app.add_api_route(path, _judging(ask), methods=["GET"], include_in_schema=False)


def _judging(ask: Health_) -> Callable[[], JSONResponse]:
    def answer() -> JSONResponse:
        found = ask()
        return JSONResponse({"ok": found.ok, "why": found.why}, status_code=200 if found.ok else 503)

    return answer
