"""What a gateway writes to its log: one JSON object a line, route and outcome of each request, never a value of it."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from schemas.quieting import Quieting


def set_up_logging(stream: TextIO) -> None:
    """Send our events, and what is wrong with the libraries, to the stream."""
    stamps: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(processors=[*stamps, render], logger_factory=structlog.PrintLoggerFactory(stream))
    handler = logging.StreamHandler(stream)
    handler.addFilter(Quieting("producers"))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, drop_exception, render],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *stamps],
        )
    )
    logging.basicConfig(level=logging.ERROR, handlers=[handler], force=True)


def drop_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its class: its text may quote values of a row."""
    told = event.pop("exc_info", None)
    error = told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
    return event
