"""Rules about a person's earlier journeys: stays that use up a visitor's pass, and the chain of ships from NTT."""

from __future__ import annotations

from datetime import timedelta

from schemas import reference
from schemas.verdicts import Finding
from schemas.vocabulary import Direction, Purpose
from streams.case import Case, Sentence, When, event_ref, finding, place_name, rule
from streams.crossing import Crossing
from streams.matching import same_person
from streams.policy import Visits

OTHER_REASONS = frozenset(
    {Purpose.TRADE, Purpose.MEDICAL, Purpose.STUDY, Purpose.OFFICIAL, Purpose.RELIGIOUS, Purpose.SPORT}
)
"""Why somebody may well go and come back again and again, or at once after a voyage."""


@rule("R13", when=When.LEAVING | When.UNCOVERED | When.CAME_BACK)
def stays_in_a_row(case: Case) -> Finding | None:
    """One stay abroad after another, each about as long as a visitor's pass, with hardly any time at home between.

    Source: work on visitors' passes: 62 of 236 deportees at Nunukan had overstayed (benuanta.co.id, 13 September 2024).
    """
    here, rules = case.crossing, case.policy.visits
    if not case.leaving or case.match.covering is not None or here.purpose in OTHER_REASONS:
        return None
    stays = _stays(case, rules)
    if len(stays) < rules.times:
        return None
    says = Sentence(
        id=f"Berangkat lagi setelah {len(stays)} kali tinggal {rules.least_stay_days}-{rules.most_stay_days} hari di "
        "luar negeri berturut-turut.",
        en=f"Leaves again after {len(stays)} stays abroad in a row, of {rules.least_stay_days} to "
        f"{rules.most_stay_days} days each.",
        clears_id="Akan gugur bila pendaftaran yang berlaku diterima.",
        clears_en="Cleared when a registration that covers the crossing arrives.",
    )
    return finding(case, "R13", (event_ref(c) for stay in stays for c in stay), says)


def _stays(case: Case, rules: Visits) -> list[tuple[Crossing, Crossing]]:
    """The stays that lead up to this crossing, latest first."""
    here, matching = case.crossing, case.policy.matching
    since = here.at - timedelta(days=rules.within_days)
    earlier = [
        o
        for o in case.sharing
        if since <= o.at < here.at
        and o.direction is not Direction.DOMESTIC
        and not o.is_refusal
        and same_person(o, here, matching)
    ]
    earlier.sort(key=lambda o: (o.at_us, o.key), reverse=True)
    found, leaves = [], here
    for back, out in zip(earlier[::2], earlier[1::2], strict=False):
        stay, home = back.at - out.at, leaves.at - back.at
        if back.direction is not Direction.IN or out.direction is not Direction.OUT or back.is_deportation:
            break
        if not timedelta(days=rules.least_stay_days) <= stay <= timedelta(days=rules.most_stay_days):
            break
        if home > timedelta(days=rules.home_days):
            break
        found.append((back, out))
        leaves = out
    return found


@rule("R17", when=When.LEAVING | When.UNCOVERED | When.CAME_BY)
def straight_through(case: Case) -> Finding | None:
    """Arrives from NTT, or by way of a relay, in the transit province and leaves the country within days.

    Source: Kupang, Maumere or Larantuka by Pelni to Parepare and Nunukan (regional.kompas.com, 4 September 2021;
    antaranews.com/berita/507969); Kupang by air over Surabaya to Batam (flores.tribunnews.com, 19 June 2025).
    """
    here, hours = case.crossing, case.policy.chain_hours
    if not case.leaving or not case.from_scope or case.match.covering is not None or here.purpose in OTHER_REASONS:
        return None
    first = here.at - timedelta(hours=hours)
    legs = [
        o
        for o in case.sharing
        if first <= o.at < here.at and _on_the_way(o) and same_person(o, here, case.policy.matching)
    ]
    if not legs:
        return None
    last = max(legs, key=lambda o: (o.at_us, o.key))
    node = reference.route_nodes()[last.from_place or ""].name
    apart = (here.at - last.at) // timedelta(hours=1)
    says = Sentence(
        id=f"Tiba dari {node} di {place_name(last.checkpoint_id)} dan {apart} jam kemudian keluar.",
        en=f"Arrived from {node} at {place_name(last.checkpoint_id)} and leaves {apart} hours later.",
        clears_id="Akan gugur bila pendaftaran yang berlaku diterima atau data kedatangan dikoreksi.",
        clears_en="Cleared when a registration that covers the crossing arrives or the arrival is corrected.",
    )
    return finding(case, "R17", map(event_ref, legs), says)


def _on_the_way(other: Crossing) -> bool:
    return other.direction is Direction.DOMESTIC and (other.from_place or "") in reference.route_nodes()
