"""What a client of the local ClickHouse server, or whoever starts it, is told when something is refused."""

from __future__ import annotations

import re
from enum import IntEnum

_ENGINE_TEXT = re.compile(r"(?:Code: (?P<code>\d+)\. )?(?:DB::Exception: )?(?P<text>.*)", re.DOTALL)


class Code(IntEnum):
    """The ClickHouse error codes that this server raises by itself; all others are the engine's."""

    CHECKSUM_DOESNT_MATCH = 40
    NOT_IMPLEMENTED = 48
    UNKNOWN_TYPE = 50
    SYNTAX_ERROR = 62
    CANNOT_WRITE_TO_FILE_DESCRIPTOR = 75
    UNKNOWN_COMPRESSION_METHOD = 89
    UNEXPECTED_PACKET_FROM_CLIENT = 101
    UNKNOWN_SETTING = 115
    TOO_LARGE_PACKET = 131
    READONLY = 164
    BLOCK_STRUCTURE_MISMATCH = 171
    TOO_MANY_CONNECTIONS = 202
    NOT_ENOUGH_SPACE = 243
    ACCESS_DENIED = 497
    AUTHENTICATION_FAILED = 516
    UNKNOWN_EXCEPTION = 1002


class StatementError(Exception):
    """A statement, or a connection, is refused; the client gets the code and the text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = int(code)
        self.text = f"DB::Exception: {text}"

    @classmethod
    def from_engine(cls, error: Exception) -> StatementError:
        """Read chDB's text, `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)`."""
        match = _ENGINE_TEXT.match(str(error))
        if match is None:
            return cls(Code.UNKNOWN_EXCEPTION, str(error))
        return cls(int(match["code"] or Code.UNKNOWN_EXCEPTION), match["text"])


class StartError(Exception):
    """The server cannot start; the text is one line that says why and how to mend it."""
