"""Rules about the journeys of one person: too fast, too soon after a deportation, and after a refusal elsewhere."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from schemas import reference
from schemas.verdicts import Finding
from streams.case import Case, Sentence, When, days_between, event_ref, finding, place_name, rule
from streams.crossing import HOUR_US, Crossing
from streams.matching import same_person
from streams.policy import Travel

EARTH_RADIUS_KM = 6371.0
LONGEST_JOURNEY_US = 24 * HOUR_US
"""Beyond this no two checkpoints of the three provinces are too far apart."""


@lru_cache(maxsize=4096)
def distance_km(a: str, b: str) -> float:
    """Great-circle distance of two checkpoints; 0 where a place is not known."""
    here, there = reference.checkpoints().get(a), reference.checkpoints().get(b)
    if here is None or there is None:
        return 0.0
    lat1, lat2 = radians(here.lat), radians(there.lat)
    half_lat, half_lon = (lat2 - lat1) / 2, radians(there.lon - here.lon) / 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(sin(half_lat) ** 2 + cos(lat1) * cos(lat2) * sin(half_lon) ** 2))


def _too_fast(a: Crossing, b: Crossing, travel: Travel) -> bool:
    apart_us = abs(a.at_us - b.at_us)
    if apart_us > LONGEST_JOURNEY_US or a.checkpoint_id == b.checkpoint_id:
        return False
    km = distance_km(a.checkpoint_id, b.checkpoint_id)
    return km >= travel.min_distance_km and apart_us < km / travel.max_speed_kmh * HOUR_US


@rule("R12.travel", when=When.SEEN_WITHIN_A_DAY)
def impossible_travel(case: Case) -> Finding | None:
    """One person is seen at two checkpoints sooner than anyone can travel between them; both crossings carry it.

    Source: border control practice: a document that is in two places is not in one person's hands.
    """
    here, policy = case.crossing, case.policy
    others = [o for o in case.sharing if _too_fast(here, o, policy.travel) and same_person(here, o, policy.matching)]
    if not others:
        return None
    other = min(others, key=lambda o: o.key)
    km = round(distance_km(here.checkpoint_id, other.checkpoint_id))
    minutes = abs(here.at - other.at) // timedelta(minutes=1)
    says = Sentence(
        id=f"Terlihat juga di {place_name(other.checkpoint_id)}, {km} km jauhnya, berselang {minutes} menit.",
        en=f"Also seen at {place_name(other.checkpoint_id)}, {km} km away, {minutes} minutes apart.",
        clears_id="Akan gugur bila waktu atau nomor dokumen pada salah satu data dikoreksi.",
        clears_en="Cleared when the time or the document number of one of the records is corrected.",
    )
    return finding(case, "R12.travel", map(event_ref, others), says)


@rule("R16", when=When.NOTABLE | When.LEAVING | When.UNCOVERED)
def leaves_after_deportation(case: Case) -> Finding | None:
    """An Indonesian leaves again soon after coming home by deportation, with no registration.

    Source: deportee batches of 60 to 300 at Nunukan (benuanta.co.id, 13 September 2024); most are thought to enter
    again.
    """
    if not case.leaving or case.match.covering is not None:
        return None
    window = timedelta(days=case.policy.passport.deportation_days)
    earlier = [n for n in case.notable if n.is_deportation and _before(n, case, window)]
    if not earlier:
        return None
    last = max(earlier, key=lambda n: (n.at, n.key))
    days = days_between(last.at, case.crossing.at)
    says = Sentence(
        id=f"Berangkat lagi {days} hari setelah dipulangkan lewat {place_name(last.checkpoint_id)}.",
        en=f"Leaves again {days} days after being sent home through {place_name(last.checkpoint_id)}.",
        clears_id="Akan gugur bila pendaftaran yang berlaku diterima.",
        clears_en="Cleared when a registration that covers the crossing arrives.",
    )
    return finding(case, "R16", map(event_ref, earlier), says)


@rule("R28", when=When.NOTABLE | When.LEAVING | When.UNCOVERED)
def refused_elsewhere(case: Case) -> Finding | None:
    """A traveller who was stopped at one checkpoint is seen at another soon after.

    Source: groups that were stopped are sent on one by one (regional.kompas.com, 15 March 2018; batamtoday.com, 2023).
    """
    if not case.leaving or case.match.covering is not None:
        return None
    window, here = timedelta(days=case.policy.passport.refusal_days), case.crossing.checkpoint_id
    earlier = [n for n in case.notable if n.is_refusal and n.checkpoint_id != here and _before(n, case, window)]
    if not earlier:
        return None
    last = max(earlier, key=lambda n: (n.at, n.key))
    where, days = place_name(last.checkpoint_id), days_between(last.at, case.crossing.at)
    says = Sentence(
        id=f"Ditunda atau ditolak di {where} {days} hari sebelumnya, kini terlihat di tempat lain.",
        en=f"Postponed or refused at {where} {days} days before, now seen at another checkpoint.",
        clears_id="Akan gugur bila pendaftaran yang berlaku diterima atau penolakan itu dicabut.",
        clears_en="Cleared when a registration that covers the crossing arrives or the refusal is withdrawn.",
    )
    return finding(case, "R28", map(event_ref, earlier), says)


def _before(earlier: Crossing, case: Case, window: timedelta) -> bool:
    here = case.crossing
    if earlier.key == here.key or not earlier.at < here.at <= earlier.at + window:
        return False
    return same_person(earlier, here, case.policy.matching)
