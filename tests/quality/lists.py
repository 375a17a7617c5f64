"""A carrier's passenger list (UN/EDIFACT PAXLST), read only as far as telling its people apart needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from random import Random

from producers.journeys.names import ntt_name
from schemas.records import TransitEvent
from streams.casebook import Admitted
from streams.crossing import Crossing
from streams.matching import same_person
from streams.packing import pack
from streams.policy import Policy
from tests.quality.publishing import crossing_facts

LEAVES = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One person of a list."""

    name: str
    sex: str
    birth_date: str
    document: str


def read_list(raw: bytes) -> list[Listed]:
    """Every passenger and crew member, whatever the counts at the end say; bytes that are no text stay as marks."""
    text = raw.decode("utf-8", "replace").lstrip()
    components, elements, release, ends = ":", "+", "?", "'"
    if text.startswith("UNA"):
        components, elements, release, ends = text[3], text[4], text[6], text[8]
    people: list[dict[str, str]] = []
    for segment in _split(re.sub(r"[\r\n]", "", text), ends, release):
        tag, *parts = _split(segment.strip(), elements, release)
        first = parts[0] if parts else ""
        if tag == "NAD" and first in ("FL", "FM", "DDU"):
            names = _split(next((p for p in reversed(parts) if components in p or p), ""), components, release)
            family, *given = [n.replace(release, "") for n in names if n]
            people.append({"name": " ".join((*given, family))})
        elif people and tag == "ATT" and first == "2":
            people[-1].setdefault("sex", parts[-1][:1])
        elif people and tag == "DTM" and first.startswith(f"329{components}"):
            digits = first.split(components)[1]
            century = "19" if int(digits[:2]) > 26 else "20"
            people[-1].setdefault("birth_date", f"{century}{digits[:2]}-{digits[2:4]}-{digits[4:6]}")
        elif people and tag == "DOC" and first.startswith("P"):
            people[-1].setdefault("document", parts[1].split(components)[0] if len(parts) > 1 else "")
    columns = ("name", "sex", "birth_date", "document")
    return [Listed(**{c: p.get(c, "") for c in columns}) for p in people]


def _split(text: str, at: str, release: str) -> list[str]:
    mark = re.escape(release) if release.strip() else r"(?!)"
    return [
        part for part in re.split(rf"(?<!{mark}){re.escape(at)}" if release.strip() else re.escape(at), text) if part
    ]


def crossings(people: list[Listed]) -> list[Admitted]:
    """Their crossings, published."""
    return [
        fact
        for number, person in enumerate(people)
        for fact in crossing_facts(
            {
                "event_id": f"L{number}",
                "checkpoint_id": "ID-21-BTC",
                "occurred_at": LEAVES.isoformat(),
                "direction": "out",
                "document_type": "passport",
                "document_number": person.document,
                "name": person.name,
                "sex": person.sex,
                "birth_date": person.birth_date,
            }
        )
    ]


def told_apart(facts: list[Admitted], policy: Policy) -> int:
    """How many people the matcher takes the crossings for."""
    blocks: dict[str, list[Crossing]] = {}
    for number, fact in enumerate(facts):
        if isinstance(event := fact.fact, TransitEvent):
            row = pack(event, fact.digest, number)
            blocks.setdefault(event.block, []).append(Crossing(row, event.block))
    leader = {c.key: c.key for block in blocks.values() for c in block}

    def find(key: str) -> str:
        while leader[key] != key:
            key = leader[key]
        return key

    for block in blocks.values():
        for a, b in combinations(block, 2):
            if same_person(a, b, policy.matching):
                leader[find(a.key)] = find(b.key)
    return len({find(key) for key in leader})


def passenger_list(count: int, *, marks: str = ":+.? '", birthdays: int = 260) -> bytes:
    """A list as carriers send them: one document number for all, wrong counts, a byte that is no text in a name."""
    rng = Random(f"list/{count}")
    seen: set[tuple[str, int]] = set()
    segments: list[str] = []
    component, element, _, _, _, end = marks
    while len(seen) < count:
        sex, day = rng.choice("FM"), len(seen) % birthdays
        name = ntt_name(rng, sex, "5301")
        if not name.family or any(name.given.split()[0] == g and day == d for g, d in seen):
            continue
        seen.add((name.given.split()[0], day))
        family = name.family[:3] + "\x87" + name.family[3:] if len(seen) == 7 else name.family
        born = date(1987, 10, 19) + timedelta(days=day)
        segments += [
            f"NAD+FL+++{family}:{name.given}",
            f"ATT+2++{sex}",
            f"DTM+329:{born:%y%m%d}",
            "NAT+2+IDN",
            "DOC+P:110:111+XX1234567",
        ]
    text = (
        "UNA"
        + marks
        + "".join(
            s.replace("+", element).replace(":", component) + end + "\r\n"
            for s in ("UNB+UNOA:4", "UNH+1+PAXLST:D:02B:UN:IATA", "BGM+745", *segments, "CNT+42:206", "UNT+99+1")
        )
    )
    return text.encode("latin-1")
