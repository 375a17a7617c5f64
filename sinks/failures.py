"""What went wrong with an insert: the store is busy, the data are bad, or the two do not belong together."""

from __future__ import annotations

import struct
from enum import StrEnum

from clickhouse_driver import errors
from clickhouse_driver.errors import ErrorCodes


class Failure(StrEnum):
    """What the loader does about an error."""

    BUSY = "busy"
    """Try again, for as long as it takes."""
    DATA = "data"
    """Never try again with the same rows: look for the bad one."""
    FATAL = "fatal"
    """Stop: a person has to mend tables, rights or this program."""


RETRIABLE_CODES = frozenset(
    {3, 107, 159, 164, 202, 203, 209, 210, 241, 242, 252, 285, 319, 425, 999}
    # too many queries with one id, killed, not enough disk, no connection, network, a table that is shutting down
    | {216, 236, 243, 279, 212, 218, 394, 100, 101, 102}
    # its disk or network fails it: read-only, broken, no files left; the engine calls most of these STD_EXCEPTION
    | {74, 75, 76, 77, 95, 96, 1001}
)
DATA_CODES = frozenset({6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 349, 469})
_NAMES = {code: name for name, code in vars(ErrorCodes).items() if isinstance(code, int)}


class FatalStoreError(Exception):
    """The store cannot take what the loader writes; the text names the table or column and how to mend it."""


def classify(error: BaseException) -> Failure:
    """Tell what to do about an error of the driver or the server."""
    if isinstance(error, errors.ServerException):
        if error.code in RETRIABLE_CODES:
            return Failure.BUSY
        return Failure.DATA if error.code in DATA_CODES else Failure.FATAL
    if isinstance(error, OSError | EOFError | errors.NetworkError | errors.SocketTimeoutError):
        return Failure.BUSY
    if isinstance(error, errors.UnexpectedPacketFromServerError | errors.PartiallyConsumedQueryError):
        return Failure.BUSY
    if isinstance(error, errors.TypeMismatchError | struct.error | ValueError | TypeError | AttributeError):
        return Failure.DATA  # the driver could not put a value into its column; nothing was sent
    if isinstance(error, errors.Error):
        return Failure.BUSY
    return Failure.FATAL


def name_of(error: BaseException) -> str:
    """The error without its text, which may quote values: the server's code, or the class."""
    code = getattr(error, "code", None)
    if isinstance(error, errors.Error) and isinstance(code, int):
        return f"{_NAMES.get(code, type(error).__name__)} ({code})"
    return type(error).__name__
