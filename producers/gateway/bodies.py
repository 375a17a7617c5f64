"""From the bytes of a request to rows: one JSON object, an array of them, or NDJSON read as it comes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import chain
from typing import Any, BinaryIO

from producers.columns import FileKind
from producers.gateway.answers import Refusal
from producers.gateway.limits import Limits
from producers.jsonl_rows import Pairs, parse_object, row_of_pairs
from producers.physical_lines import physical_lines
from producers.rows import MAX_ROW_BYTES, Row, Unreadable, UnreadableFile, shown, too_large
from schemas.errors import Reason, RecordRejected

_BLANKS = " \t\r\n"


class Form(StrEnum):
    """The content types that are taken."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"


def form_of(content_type: str) -> Form:
    """What a request says of its body.

    Raises:
        Refusal: it is in another form.
    """
    kind, _, parameters = content_type.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    try:
        form = Form(kind.strip().lower())
    except ValueError:
        form = None
    if form is None or (charset.startswith("charset=") and charset not in ("charset=utf-8", "charset=utf8")):
        mend = f"send Content-Type: {Form.JSON} (an object or an array) or {Form.NDJSON}, in UTF-8"
        raise Refusal(415, "unsupported_form", "the Content-Type is none of those that are taken", mend)
    return form


class Incoming(io.RawIOBase):
    """A request's body as a file that is read while it comes.

    Args:
        pull: gives the next bytes, empty at the end; raises Refusal when the client is too slow.
        limit_bytes: from here on it is refused.
        opening: opens a body that came sealed, when it is read to its end.
    """

    def __init__(
        self, pull: Callable[[], bytes], limit_bytes: int, opening: Callable[[bytes], bytes] | None = None
    ) -> None:
        super().__init__()
        self._pull, self._limit_bytes, self._opening = pull, limit_bytes, opening
        self._held, self._taken = b"", 0

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes at most, or all of them."""
        if size is None or size < 0:
            whole = b"".join(iter(lambda: self.read(1 << 16), b""))
            return self._opening(whole) if self._opening else whole
        if not self._held:
            self._held = self._pull()
            self._taken += len(self._held)
            if self._taken > self._limit_bytes:
                raise body_too_large(self._limit_bytes)
        given, self._held = self._held[:size], self._held[size:]
        return given


def body_too_large(limit_bytes: int) -> Refusal:
    """The refusal of a body that is larger than is taken."""
    mend = f"send fewer rows at a time: at most {limit_bytes} bytes"
    return Refusal(413, "body_too_large", f"the body has more than {limit_bytes} bytes", mend)


def rows_of(
    body: BinaryIO, form: Form, kind: FileKind, limits: Limits, unknown: set[str]
) -> Iterator[Row | Unreadable]:
    """The rows of a body, each with its place from 1 as its line; undocumented keys go to `unknown`.

    Raises:
        Refusal: the body as a whole cannot be read.
    """
    found = _lines(body, kind, unknown) if form is Form.NDJSON else _elements(body.read(), kind, unknown)
    if form is Form.JSON or kind.closed:
        # nothing of it may be published before its last key and bracket are known
        found = iter(list(found))
    first = next(found, None)
    if first is None:
        raise Refusal(400, Reason.EMPTY, "the body has no row", f"send at least one row of {kind.name}")
    for row in chain((first,), found):
        if row.line > limits.rows:
            raise Refusal(413, "too_many_rows", f"the body has more than {limits.rows} rows", "send fewer at a time")
        if unknown and kind.closed:
            raise _not_closed(kind)
        yield row


def _not_closed(kind: FileKind) -> Refusal:
    detail = f"{kind.name} carry nothing beyond their documented keys, so that nothing about a reporter can enter"
    return Refusal(400, Reason.UNKNOWN_COLUMN, detail, f"send only {', '.join(kind.columns)}")


def _lines(body: BinaryIO, kind: FileKind, unknown: set[str]) -> Iterator[Row | Unreadable]:
    number = 0
    try:
        for line in physical_lines(body):
            if not line.cut and not line.data.strip():
                continue
            number += 1
            if line.cut:
                yield too_large(number, shown(line.data))
                continue
            try:
                yield row_of_pairs(parse_object(line.data), number, kind, unknown)
            except RecordRejected as refusal:
                yield Unreadable(line=number, refusal=refusal, raw=shown(line.data))
    except UnreadableFile:
        raise _not_utf8() from None


def _elements(data: bytes, kind: FileKind, unknown: set[str]) -> Iterator[Row | Unreadable]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_utf8() from None
    start = _skip(text, 0)
    if start == len(text):
        return
    if text[start] == "[":
        yield from _array(text, start + 1, kind, unknown)
    elif text[start] == "{":
        reader = _Reader()
        value, end = reader.read(text, start)
        if _skip(text, end) != len(text):
            raise _not_json()
        yield reader.row(value, text[start:end], 1, kind, unknown)
    else:
        raise Refusal(400, Reason.NOT_AN_OBJECT, "the body is neither a JSON object nor an array of them", _MEND_JSON)


_MEND_JSON = "send one complete JSON object, an array of them, or NDJSON"


def _array(text: str, at: int, kind: FileKind, unknown: set[str]) -> Iterator[Row | Unreadable]:
    """The elements from a place on, up to the closing bracket with nothing behind it."""
    reader = _Reader()
    number, at = 0, _skip(text, at)
    closed = text[at : at + 1] == "]"
    while not closed:
        number += 1
        value, end = reader.read(text, at)
        yield reader.row(value, text[at:end], number, kind, unknown)
        at = _skip(text, end)
        mark = text[at : at + 1]
        if mark not in (",", "]"):
            raise _not_json()
        closed = mark == "]"
        at = at if closed else _skip(text, at + 1)
    if _skip(text, at + 1) != len(text):
        raise _not_json()


class _Reader:
    """Reads one JSON value after the other; numbers stay the text that they were."""

    def __init__(self) -> None:
        self._not_finite = False
        self._decoder = json.JSONDecoder(
            object_pairs_hook=Pairs, parse_int=str, parse_float=str, parse_constant=self._remark
        )

    def _remark(self, _: str) -> None:
        self._not_finite = True

    def read(self, text: str, at: int) -> tuple[Any, int]:
        self._not_finite = False
        try:
            return self._decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise _not_json() from None

    def row(self, value: Any, raw: str, number: int, kind: FileKind, unknown: set[str]) -> Row | Unreadable:
        if len(raw) > MAX_ROW_BYTES:  # characters are bytes at least
            return too_large(number, raw)
        try:
            if self._not_finite:
                raise RecordRejected(Reason.NOT_FINITE, "NaN and Infinity are no values")
            if not isinstance(value, Pairs):
                raise RecordRejected(Reason.NOT_AN_OBJECT, "the element is not a JSON object")
            return row_of_pairs(value, number, kind, unknown)
        except RecordRejected as refusal:
            return Unreadable(line=number, refusal=refusal, raw=raw)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at


def _not_json() -> Refusal:
    return Refusal(400, Reason.NOT_JSON, "the body is not a complete JSON document", _MEND_JSON)


def _not_utf8() -> Refusal:
    return Refusal(400, Reason.NOT_UTF8, "the body is not UTF-8", "send UTF-8")
