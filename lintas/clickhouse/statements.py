"""What has to be known of a statement's text before the engine sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<quoted>'(?:\\.|''|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r"|--[^\n]*|#[ !][^\n]*|/\*.*?\*/",
    re.DOTALL,
)
_NAME = r"(?:`(?:\\.|[^`\\])+`|\"[^\"]+\"|\w+)"
_PARENTHESES = r"\((?:[^()'\"`]|'(?:\\.|[^'\\])*'|\"[^\"]*\"|`(?:\\.|[^`\\])*`|\([^()]*\))*\)"
_INSERT = re.compile(
    rf"\s*(?P<into>INSERT\s+INTO\s+(?:TABLE\s+)?"
    rf"(?P<target>FUNCTION\s+\w+\s*{_PARENTHESES}|{_NAME}(?:\s*\.\s*{_NAME})?)"
    rf"\s*(?P<columns>{_PARENTHESES})?"
    r"\s*)(?P<settings>SETTINGS\s.*?)?\s*\b(?:VALUES|FORMAT\s+\w+)\s*;?\s*$",
    re.DOTALL | re.IGNORECASE,
)
_INSERT_END = re.compile(r"\b(?:VALUES|FORMAT\s+\w+)\s*;?\s*$", re.IGNORECASE)
_FORMAT = re.compile(r"\bFORMAT\s+\w+\s*(?=;?\s*$|SETTINGS\b)", re.IGNORECASE)
_SELECT = re.compile(r"[\s(]*(?:SELECT|WITH|FROM)\b", re.IGNORECASE)
_CLIENT_SIDE = re.compile(r"\bINTO\s+OUTFILE\b|\bFROM\s+INFILE\b", re.IGNORECASE)
_TOTALS = re.compile(r"\bWITH\s+TOTALS\b", re.IGNORECASE)
_INPUT = re.compile(r"^\s*INSERT\b.*\bFROM\s+input\s*\(", re.IGNORECASE | re.DOTALL)
_KILL = re.compile(r"\s*KILL\b", re.IGNORECASE)
_ESCAPES = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "a": "\a", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """An INSERT whose rows follow in blocks."""

    into: str
    """INSERT INTO, the table and its columns."""
    settings: str
    """The SETTINGS clause, or nothing."""
    sample: str
    """A SELECT of the very columns the client has to send."""

    def from_file(self, file: str) -> str:
        """Write the statement that takes its rows from a file of Native blocks."""
        return f"{self.into} FROM INFILE {quote(file)} COMPRESSION 'none' {self.settings} FORMAT Native"


def without_comments(sql: str) -> str:
    """Put a blank for every comment."""
    return _TOKEN.sub(lambda match: match["quoted"] or " ", sql)


def blotted(sql: str) -> str:
    """Hide what is quoted, at equal length, so that a word found is a keyword."""
    return _TOKEN.sub(lambda match: "'" * len(match[0]), sql)


def parse_insert(sql: str) -> Insert | None:
    """Recognise an INSERT without rows of its own."""
    if not _INSERT_END.search(sql[-300:]) or (match := _INSERT.match(sql)) is None:
        return None
    columns = match["columns"][1:-1] if match["columns"] else "*"
    target = re.sub(r"^FUNCTION\b", "", match["target"], flags=re.IGNORECASE)
    return Insert(into=match["into"], settings=match["settings"] or "", sample=f"SELECT {columns} FROM {target}")


def without_format(sql: str) -> str:
    """Drop the FORMAT of a query: how a result is shown is the client's business."""
    if match := _FORMAT.search(blotted(sql)):
        sql = sql[: match.start()] + sql[match.end() :]
    return sql.strip().rstrip(";").rstrip()


def is_select(sql: str) -> bool:
    """Tell a query that can be described and streamed from SHOW, EXPLAIN and their like."""
    return _SELECT.match(sql) is not None


def is_kill(sql: str) -> bool:
    """Recognise KILL QUERY and KILL MUTATION."""
    return _KILL.match(sql) is not None


def missing_feature(sql: str) -> str | None:
    """Name what the statement asks for that this server does not do, with its verb."""
    bare = blotted(sql)
    if _CLIENT_SIDE.search(bare):
        return "INTO OUTFILE and FROM INFILE are the client's business,"
    if _INPUT.match(bare):
        return "INSERT ... SELECT FROM input() is"
    if _TOTALS.search(bare):
        return "WITH TOTALS is"  # the engine's Native output would drop them silently
    return None


def quote(text: str, mark: str = "'") -> str:
    """Quote a string, or with other marks a name."""
    return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def parameter(value: str) -> str:
    """Turn a parameter as it travels, quoted, into the escaped text that chDB takes."""
    if not value.startswith("'"):
        return value
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), value[1:-1], flags=re.DOTALL)
