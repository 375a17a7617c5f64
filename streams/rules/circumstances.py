"""Rules about circumstances that prove nothing alone: a pretext that does not fit the place, and the calendar."""

from __future__ import annotations

from datetime import timedelta

from schemas import reference
from schemas.verdicts import Finding
from schemas.vocabulary import Purpose
from streams.case import Case, Sentence, When, finding, rule
from streams.crossing import HOUR_US, local_hours


@rule("R04", when=When.LEAVING | When.UNCOVERED)
def unlikely_tourist(case: Case) -> Finding | None:
    """Declared as tourism, to a place that no tourist goes to.

    Source: Batam to Tanjung Pengelih, from there to plantations (labirin.id/26437; pojokbatam.id, 20 December 2022).
    """
    here = case.crossing
    if here.purpose is not Purpose.TOURISM or not case.leaving or not case.from_scope:
        return None
    place = here.to_place or ""
    if case.match.covering is not None or place not in case.policy.unlikely_for_tourists:
        return None
    known = reference.foreign_places().get(place)
    name = known.name if known else place
    says = Sentence(
        id=f"Menyatakan wisata, padahal menuju {name}, yang bukan tujuan wisata.",
        en=f"Declares tourism, but goes to {name}, where no tourist goes.",
        clears_id="Akan gugur bila tujuan perjalanan dikoreksi atau pendaftaran yang berlaku diterima.",
        clears_en="Cleared when the purpose or the place is corrected, or a registration that covers it arrives.",
    )
    return finding(case, "R04", (), says)


@rule("R23", when=When.IN_SCOPE | When.UNCOVERED | When.ABSENCE_CONFIRMED)
def telling_time(case: Case) -> Finding | None:
    """Leaves without a registration at a time of which many do: after a ship from NTT, after a feast, or at night.

    Source: departures peak a day or two after KM Lambelu (antaranews.com/berita/507969); December, a quarter more
    (niaga.asia, 24 December 2024).
    """
    if not case.in_scope or case.match.covering is not None or not case.absence_confirmed:
        return None
    found = [*_after_a_ship(case), *_after_a_feast(case), *_at_night(case)]
    if not found:
        return None
    says = Sentence(
        id=f"Waktu keberangkatan yang lazim pada arus nonprosedural: {', '.join(i for i, _ in found)}.",
        en=f"A time at which many leave outside the procedure: {', '.join(e for _, e in found)}.",
        clears_id="Akan gugur bila waktu pada data lintas dikoreksi atau pendaftaran yang berlaku diterima.",
        clears_en="Cleared when the crossing's time is corrected or a registration that covers it arrives.",
    )
    return finding(case, "R23", (), says)


Words = list[tuple[str, str]]


def _after_a_ship(case: Case) -> Words:
    here, calendar = case.crossing, case.policy.calendar
    return [
        (f"{days} hari setelah {call.ship} singgah", f"{days} days after {call.ship} called")
        for call in calendar.ship_calls
        for days in range(1, calendar.days_after_call + 1)
        if call.checkpoint_id == here.checkpoint_id
        and (here.local_date - timedelta(days=days)).isoweekday() in call.weekdays
    ]


def _after_a_feast(case: Case) -> Words:
    day, calendar = case.crossing.local_date, case.policy.calendar
    return [
        (f"{(day - feast.ends).days} hari setelah {feast.name}", f"{(day - feast.ends).days} days after {feast.name}")
        for feast in calendar.feasts
        if 0 < (day - feast.ends).days <= calendar.days_after_feast
    ]


def _at_night(case: Case) -> Words:
    here, calendar = case.crossing, case.policy.calendar
    hour = (here.at_us // HOUR_US + local_hours(here.checkpoint_id)) % 24
    if calendar.day_begins_hour <= hour < calendar.day_ends_hour:
        return []
    return [(f"pukul {hour:02d} malam", f"at night, {hour:02d} o'clock")]
