"""What a matcher writes to its log: one JSON object a line for machines, plain lines on a terminal, never a value."""

from __future__ import annotations

import logging
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from schemas.quieting import Quieting

KEPT_FRAMES = 12


def set_up_logging(stream: TextIO) -> None:
    """Send our events, and what is wrong with the libraries, to the stream."""
    stamps: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *stamps,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(Quieting("streams"))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                say_where,
                structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *stamps],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("streams").setLevel(logging.INFO)
    # a broker answers CONCURRENT_TRANSACTIONS or NOT_ENOUGH_REPLICAS right after a commit: retriable, and normal
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)


def say_where(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its class and the places it passed: its text may quote what stands in a record."""
    told = event.pop("exc_info", None)
    error = told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["at"] = places_of(error)
    return event


def places_of(error: BaseException) -> list[str]:
    """Where an exception passed, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-KEPT_FRAMES:]
    return [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in frames]
