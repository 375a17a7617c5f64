"""Writes passenger lists for tests, plain or with the faults that carriers' lists have."""

from __future__ import annotations

from collections.abc import Sequence

HEAD = ("BGM+745", "NAD+MS+++SENDER", "COM+0812:TE")
VOYAGE = ("TDT+20+KML42+1", "LOC+125+IDNNX", "DTM+189:2611030930:201", "LOC+87+MYTWU", "DTM+232:2611031130:201")


def person(name: str = "SERAN:MARIA", *, kind: str = "FL", born: str = "980517", number: str = "X1234567") -> list[str]:
    """The segments of one person."""
    return [f"NAD+{kind}+++{name}", "ATT+2++F", f"DTM+329:{born}", "NAT+2+IDN", f"DOC+P+{number}", "DTM+36:300101"]


def message(
    people: Sequence[Sequence[str]],
    *,
    reference: str = "M1",
    part: str = "",
    head: Sequence[str] = HEAD,
    voyage: Sequence[str] = VOYAGE,
    count: int | None = None,
) -> list[str]:
    """One message with its counts."""
    body = [*head, *voyage, *(segment for one in people for segment in one)]
    body.append(f"CNT+42:{len(people) if count is None else count}")
    return [f"UNH+{reference}+PAXLST:D:02B:UN:IATA{part}", *body, f"UNT+{len(body) + 2}+{reference}"]


def interchange(*messages: Sequence[str], characters: str = "UNOA", groups: bool = False) -> list[str]:
    """Messages in their envelope."""
    inner = [segment for one in messages for segment in one]
    if groups:
        inner = ["UNG+PAXLST+A+B+261103:0500+1+UN+D:02B", *inner, f"UNE+{len(messages)}+1"]
    return [f"UNB+{characters}:4+A+B+261103:0500+1", *inner, f"UNZ+{1 if groups else len(messages)}+1"]


def written(segments: Sequence[str], *, end: str = "'\n", marks: str = "", encoding: str = "latin-1") -> bytes:
    """As bytes; `marks`: the six characters of a UNA, which replace the usual ones."""
    text = "".join(segment + end for segment in segments)
    if marks:
        text = text.translate(str.maketrans(":+?'", marks[0] + marks[1] + marks[3] + marks[5]))
        text = f"UNA{marks}{text}"
    return text.encode(encoding)
