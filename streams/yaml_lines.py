"""YAML with the line of every key, and what is wrong with it in one line each: `ntt.yaml:41: grace_hours: ...`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

Path = tuple[str | int, ...]
MOST_SHOWN = 60
"""Characters of a value that are quoted."""
_CONTAINERS = {"object": "a mapping", "array": "a list"}
_FORMS = {"date": "a date such as 2026-01-31", "date-time": "a time with its offset, such as 2026-01-31T00:00:00+08:00"}
_TYPES = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


class YamlError(ValueError):
    """A text is not the YAML that is taken here; one line for each thing that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What stands in a file, and where."""

    name: str
    """Of the file, for messages."""
    data: Any
    lines: Mapping[Path, int] = field(default_factory=dict)
    """Of every key and list item, counted from 1."""

    def line(self, path: Sequence[str | int]) -> int:
        """Where a key stands; of one that is missing, where it would."""
        parts = tuple(path)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def told(self, path: Sequence[str | int], text: str) -> str:
        """A message about one key."""
        return f"{self.name}:{self.line(path)}: {dotted(path)}{text}"


def dotted(path: Sequence[str | int]) -> str:
    """A key as it is written in messages, with what follows it set off."""
    return ".".join(map(str, path)) + ": " if path else ""


def read_marked(text: str, name: str) -> Marked:
    """Read a YAML text.

    Raises:
        YamlError: not YAML, a key that stands twice, or an alias: a file that is reviewed says everything where it is.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Marked(name=name, data=None)
        lines: dict[Path, int] = {(): 1}
        wrong = list(_walk(node, (), lines, set()))
        if wrong:
            raise YamlError("\n".join(f"{name}:{line}: {why}" for line, why in wrong))
        return Marked(name=name, data=loader.construct_document(node), lines=lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        msg = f"{where}: not valid YAML: {getattr(error, 'problem', None) or 'it cannot be read'}"
        raise YamlError(msg) from None
    except RecursionError:
        msg = f"{name}: nested too deeply"
        raise YamlError(msg) from None
    except ValueError as error:  # a date such as 2026-02-31
        msg = str(error) if isinstance(error, YamlError) else f"{name}: not valid YAML: {error}"
        raise YamlError(msg) from None
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], seen: set[int]) -> Iterable[tuple[int, str]]:
    if id(node) in seen:
        yield node.start_mark.line + 1, f"{dotted(path)}anchors and aliases are not taken: write it out"
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                yield line, f"{dotted(inner)}stands twice, first in line {lines[inner]}"
            lines.setdefault(inner, line)
            yield from _walk(value, inner, lines, seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[*path, number] = value.start_mark.line + 1
            yield from _walk(value, (*path, number), lines, seen)


def problems(error: ValidationError, marked: Marked, schema: Mapping[str, Any]) -> list[str]:
    """What pydantic found, one line each in the order of the file, in the words of the JSON Schema."""
    found = []
    for one in error.errors(include_url=False):
        path = tuple(one["loc"])
        found.append((marked.line(path), marked.told(path, _why(one, schema))))
    return [text for _, text in sorted(found)]


def _why(error: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    path, kind = error["loc"], error["type"]
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        known = sorted(_at(schema, path[:-1], schema).get("properties", ()))
        return f"is not known here; known are {', '.join(known)}"
    part = _at(schema, path, schema)
    allowed = allowed_by(part, schema)
    if not allowed or (kind == "value_error" and "enum" not in part):
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{_shown(error['input'])} is not {allowed}"


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "empty" if value is None else str(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def allowed_by(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a part of a JSON Schema takes, in words; empty = it does not say."""
    part = _resolved(part, schema)
    if "description" in part and "pattern" in part:
        return str(part["description"])
    if "enum" in part:
        return "one of " + ", ".join(map(str, part["enum"]))
    if "const" in part:
        return str(part["const"])
    kind, low, high = part.get("type", ""), part.get("minimum"), part.get("maximum")
    if low is not None and high is not None:
        return f"{'a whole number ' if kind == 'integer' else ''}between {low} and {high}"
    if "exclusiveMinimum" in part:
        return f"{_TYPES[kind]} above {part['exclusiveMinimum']}"
    if low is not None:
        return f"{_TYPES[kind]} from {low} on"
    return _FORMS.get(part.get("format", "")) or _CONTAINERS.get(kind) or _TYPES.get(kind, "")


def _resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while True:
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        elif "anyOf" in part:
            part = next(one for one in part["anyOf"] if one.get("type") != "null")
        else:
            return part


def _at(part: Mapping[str, Any], path: Sequence[str | int], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for step in path:
        part = _resolved(part, schema)
        if isinstance(step, int):
            part = part.get("items", {})
        else:
            rest = part.get("additionalProperties")
            part = part.get("properties", {}).get(step) or (rest if isinstance(rest, dict) else {})
    return _resolved(part, schema)
