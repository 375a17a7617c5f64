"""The form for the smallest posts: its files, what it has to know of this gateway, and the rows that it has sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import resources

from starlette.responses import Response

from producers.gateway.sealing import SealingKey
from schemas import reference

PAGE, WORKER = "/", "/sw.js"
_KINDS = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_HEADERS = {
    # nothing from elsewhere, no frame around it, and no place that a name could be sent to
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; "
        "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
FILES = {
    PAGE: "index.html",
    WORKER: "sw.js",
    **{f"/form/{name}": name for name in ("form.css", "form.js", "mrz.js", "queue.js", "sealing.js")},
}


def file_answer(name: str) -> Callable[[], Response]:
    """Answers with one file of the form."""

    def answer() -> Response:
        return Response(_text(name), media_type=_KINDS[name.rpartition(".")[2]], headers=_HEADERS)

    return answer


def about_gateway(sealing: SealingKey) -> Callable[[], Response]:
    """Answers with what the form seals for, and the posts to choose from."""
    posts = sorted(reference.checkpoints().values(), key=lambda post: post.name)
    body = {"sealing_key": sealing.public, "checkpoints": [{"id": post.id, "name": post.name} for post in posts]}
    text = json.dumps(body, ensure_ascii=False).encode()
    return lambda: Response(text, media_type="application/json", headers=_HEADERS | {"Cache-Control": "no-store"})


@cache
def _text(name: str) -> bytes:
    return resources.files("producers.gateway").joinpath("web", name).read_bytes()
