"""The case of one crossing: what a lane knows that its rules may look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from streams.case import Case
from streams.crossing import Crossing
from streams.dossier import Dossier, Registration, Report
from streams.matching import NO_MATCH, match
from streams.memory import Memory
from streams.packing import is_out
from streams.policy import Matching
from streams.reigns import Reign
from streams.suppressing import Suppressions
from streams.wide import Wide


def gather(
    number: int,
    crossing: Crossing | None,
    memory: Memory,
    wide: Wide,
    suppressions: Suppressions,
    reign: Reign,
) -> Case:
    """The case of the crossing of that number, to be judged by that policy; `crossing` spares reading its row again."""
    row, dossier = memory.rows[number], memory.homes[number]
    if crossing is None or crossing.row is not row:
        crossing = Crossing(row, dossier.block)
    policy, tokens = reign.policy, crossing.tokens
    rule = policy.matching
    candidates: Collection[Registration] = ()
    if (dossier.registrations or wide.revisions) and is_out(row):
        candidates = _registrations(dossier, wide, row, tokens, rule)
    return Case(
        crossing=crossing,
        match=match(crossing, candidates, policy) if candidates else NO_MATCH,
        others=memory.sharing(dossier, tokens),
        notable=_notable(dossier, memory, row, rule) if dossier.notable else (),
        reports=_reports(dossier, wide, row, tokens, rule) if dossier.reports or wide.reports else (),
        watermark_us=reign.watermark_us,
        policy=policy,
        suppressions=(
            suppressions.of((dossier.block, crossing.province.value, crossing.event_id), tokens) if suppressions else ()
        ),
    )


def _registrations(
    dossier: Dossier, wide: Wide, row: bytes, tokens: tuple[bytes, ...], rule: Matching
) -> Collection[Registration]:
    here = dossier.registrations_for(row, rule)
    if not wide.revisions:
        return here
    return [*here, *wide.registrations_under(tokens, dossier.registrations or ())]


def _notable(dossier: Dossier, memory: Memory, row: bytes, rule: Matching) -> Sequence[Crossing]:
    rows, block = memory.rows, dossier.block
    return [Crossing(rows[n], block) for n in dossier.notable_for(row, rows, rule)]


def _reports(dossier: Dossier, wide: Wide, row: bytes, tokens: tuple[bytes, ...], rule: Matching) -> Sequence[Report]:
    return [*dossier.reports_for(row, rule), *wide.reports_under(tokens)]
