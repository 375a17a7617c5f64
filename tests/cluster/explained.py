"""Whether every verdict that was ever given can be explained: by its own record, and by what analysts are shown."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence

from clickhouse_driver import Client

from schemas.verdicts import Assessment
from sinks.explaining import explain
from streams.case import CATALOGUE
from tests.cluster.facts import Sent
from tests.cluster.oracle import Place
from tests.cluster.stage import Said

DIGEST = re.compile(r"[0-9a-f]{16}")
KNOWN_RULES = {(rule.id, rule.version) for rule in CATALOGUE}


def known_facts(facts: Iterable[Sent]) -> set[str]:
    """How findings name the facts that were published."""
    known = set()
    for _, _, value, _ in facts:
        fact = json.loads(value)
        known.add(
            {
                "transit_event": lambda f: f"event:{f['province']}/{f['event_id']}",
                "departure": lambda f: f"departure:{f['departure_id']}",
                "community_report": lambda f: f"report:{f['case_id']}",
                "heartbeat": lambda f: f"watermark:{f['source']}",
            }[fact["record"]](fact)
        )
    return known


def unexplained(found: Said, known: set[str], policy: str) -> list[tuple[Place, str]]:
    """Versions that name no rule, no fact, a fact that nobody published, or another policy."""
    return [(place, what) for place, versions in found.items() for v in versions for what in _faults(v, known, policy)]


def _faults(version: Assessment, known: set[str], policy: str) -> list[str]:
    faults = [] if version.policy == policy and DIGEST.fullmatch(policy) else [f"policy {version.policy}"]
    if version.departure_id is not None and f"departure:{version.departure_id}" not in known:
        faults.append(f"matched {version.departure_id}")
    for finding in version.findings:
        if (finding.rule, finding.version) not in KNOWN_RULES:
            faults.append(f"{finding.rule}@{finding.version}")
        if not finding.evidence or not set(finding.evidence) <= known:
            faults.append(f"{finding.rule}: {finding.evidence}")
        sentences = (finding.sentence_id, finding.sentence_en, finding.clears_id, finding.clears_en)
        if not all(len(sentence) > 10 for sentence in sentences):
            faults.append(f"{finding.rule}: says nothing")
    return faults


def explained_otherwise(client: Client, found: Said, places: Sequence[Place]) -> list[tuple[Place, str]]:
    """Sampled crossings of which analysts are shown another history, or facts that are missing."""
    faults: list[tuple[Place, str]] = []
    for province, event_id in places:
        entries = explain(client, event_id, province)
        versions = found[province, event_id]
        if len(entries) != 1:
            faults.append(((province, event_id), f"{len(entries)} entries"))
            continue
        entry, last = entries[0], versions[-1]
        told = [(row["status"], row["score"], tuple(row["rules"])) for row in entry["history"]]
        if told != [(v.status.value, v.score, tuple(f.rule for f in v.findings)) for v in versions]:
            faults.append(((province, event_id), f"history {told}"))
        named = {fact for finding in last.findings for fact in finding.evidence}
        shown = {f"event:{row['province']}/{row['event_id']}" for row in (entry["crossing"], *entry["crossings"])}
        shown |= {f"departure:{row['departure_id']}" for row in entry["departures"]}
        shown |= {*entry["reports"], *entry["watermarks"]}
        missing = {f for f in named if f.partition(":")[2] not in shown and f not in shown}
        if missing:
            faults.append(((province, event_id), f"not shown: {missing}"))
    return faults


def sample(found: Said, chance: random.Random, count: int) -> list[Place]:
    return chance.sample(sorted(found), min(count, len(found)))
