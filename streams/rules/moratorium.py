"""The rule about dated stops of departures."""

from __future__ import annotations

from schemas.records import Departure
from schemas.verdicts import Finding
from streams.case import Case, Sentence, When, departure_ref, finding, rule
from streams.policy import Moratorium
from streams.rules.registration import PAPERS_EN, PAPERS_ID


@rule("R03", when=When.COVERED)
def under_moratorium(case: Case) -> Finding | None:
    """The registered work falls under a moratorium that is in force on the day of the crossing.

    Source: NTT's eight steps, Larantuka, 2 July 2025; Kepmenaker 260/2015.
    """
    if case.match.covering is None:
        return None
    departure = case.match.covering.registration.latest
    for moratorium in case.policy.moratoria:
        if _holds(moratorium, case, departure):
            return _found(case, moratorium, departure)
    return None


def _holds(moratorium: Moratorium, case: Case, departure: Departure) -> bool:
    day = case.crossing.local_date
    if day < moratorium.starts or (moratorium.until is not None and day > moratorium.until):
        return False
    origin = departure.origin_region[:2] if departure.origin_region else case.origin_province
    district = (departure.origin_region or case.crossing.origin_region or "")[:4]
    return (
        (not moratorium.origin_provinces or origin in moratorium.origin_provinces)
        and (not moratorium.origin_districts or district in moratorium.origin_districts)
        and (not moratorium.sectors or departure.sector in moratorium.sectors)
        and (not moratorium.employer_types or departure.employer_type in moratorium.employer_types)
        and (not moratorium.countries or departure.destination_country in moratorium.countries)
        and not any(getattr(departure.readiness, paper, None) for paper in moratorium.lifted_by)
    )


def _found(case: Case, moratorium: Moratorium, departure: Departure) -> Finding:
    lift_id = ", ".join(PAPERS_ID.get(p, p) for p in moratorium.lifted_by) or "keputusan baru"
    lift_en = ", ".join(PAPERS_EN.get(p, p) for p in moratorium.lifted_by) or "a new decree"
    says = Sentence(
        id=f"Pekerjaan terdaftar termasuk moratorium '{moratorium.name}' sejak {moratorium.starts.isoformat()}.",
        en=f"The registered work is under the moratorium '{moratorium.name}' since {moratorium.starts.isoformat()}.",
        clears_id=f"Akan gugur bila pendaftaran dilengkapi dengan {lift_id}.",
        clears_en=f"Cleared when the registration gains: {lift_en}.",
    )
    return finding(case, "R03", [departure_ref(departure.departure_id)], says)
