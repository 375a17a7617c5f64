"""Pages from templates, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from console.access import Right
from console.entry import desk_of
from console.flag_texts import RULES
from console.sessions import Visitor
from console.texts import TEXTS
from schemas.placing import local_time, place_name, region_name, stop_name, utc_time
from schemas.reference import checkpoints
from schemas.words import Words, words_of

LANGUAGES = ("id", "en")
LANGUAGE_COOKIE = "lintas_language"
PROVINCES = {"kepri": "Kepulauan Riau", "kalbar": "Kalimantan Barat", "kaltara": "Kalimantan Utara"}


@dataclass(frozen=True, slots=True)
class Say:
    """What templates say, in one language."""

    language: str

    @property
    def place(self) -> int:
        """Of the language in a pair."""
        return LANGUAGES.index(self.language)

    @property
    def words(self) -> Words:
        """The words of records."""
        return words_of(self.language)

    def __call__(self, name: str, *values: object) -> str:
        """A text of the console."""
        return TEXTS[name][self.place].format(*values)

    def value(self, kind: str, value: object) -> str:
        """A word of the vocabulary."""
        return self.words.value(kind, value)

    def status(self, status: str) -> str:
        """A status in words alone."""
        return self.words.status(status).partition(" (")[0].capitalize()

    def rule(self, rule: str) -> str:
        """What a rule finds, in a few words."""
        return RULES.get(rule, (rule, rule))[self.place]

    def province(self, code: str) -> str:
        """A province by its name."""
        return PROVINCES.get(code, code)

    def post(self, checkpoint_id: str) -> str:
        """A checkpoint by its name alone."""
        post = checkpoints().get(checkpoint_id)
        return post.name if post else checkpoint_id

    def count(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return f"{number:,}".replace(",", "." if self.language == "id" else ",")

    def share(self, share: float | None) -> str:
        """A share of one as a percentage."""
        return "–" if share is None else self.words.number(f"{share * 100:.0f} %")

    def decimal(self, number: float | None, places: int = 1) -> str:
        """A number as the language writes it."""
        return "–" if number is None else self.words.number(f"{number:.{places}f}")

    def span(self, seconds: float) -> str:
        """A span of time in its greatest unit."""
        span = timedelta(seconds=max(0.0, seconds))
        if span < timedelta(hours=1):
            return self("minutes", int(span.total_seconds() // 60))
        if span < timedelta(days=2):
            return self("hours", int(span.total_seconds() // 3600))
        return self("days", span.days)

    def ago(self, moment: str, now: datetime) -> str:
        """How long ago."""
        return self("ago", self.span((now - datetime.fromisoformat(moment)).total_seconds()))


@cache
def environment() -> Environment:
    """All templates; every value is escaped."""
    made = Environment(
        loader=PackageLoader("console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        local_time=local_time,
        utc_time=utc_time,
        place_name=place_name,
        region_name=region_name,
        stop_name=stop_name,
        Right=Right,
        address=address,
    )
    return made


def address(kind: str, province: str, event_id: str) -> str:
    """The stable address of a page about one crossing."""
    return f"/{kind}/{quote(province, safe='')}/{quote(event_id, safe='')}"


def query_with(request: Request, **changes: object) -> str:
    """The address of this page with other parameters; None takes one out."""
    asked = {name: value for name, value in request.query_params.items() if value}
    asked |= {name: str(value) for name, value in changes.items() if value is not None}
    kept = {name: value for name, value in asked.items() if name not in changes or changes[name] is not None}
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def say_of(request: Request) -> Say:
    """In the language that the browser asked for last; Indonesian first."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    return Say(language if language in LANGUAGES else LANGUAGES[0])


def page(
    request: Request,
    template: str,
    visitor: Visitor | None,
    values: Mapping[str, Any] | None = None,
    *,
    status_code: int = 200,
) -> HTMLResponse:
    """A page, or a part of one."""
    desk = desk_of(request)
    body = (
        environment()
        .get_template(template)
        .render(
            say=say_of(request),
            visitor=visitor,
            request=request,
            now=desk.clock(),
            refresh_seconds=desk.refresh_seconds,
            query_with=lambda **changes: query_with(request, **changes),
            **(values or {}),
        )
    )
    return HTMLResponse(body, status_code=status_code, headers={"Vary": "HX-Request, Cookie"})
