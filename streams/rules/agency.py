"""The rule about the agency that placed the worker: its licence on the day of the crossing."""

from __future__ import annotations

from datetime import date

from schemas.records import Departure
from schemas.verdicts import Finding
from schemas.vocabulary import Purpose
from streams.case import Case, Sentence, When, departure_ref, finding, rule
from streams.policy import Licence


@rule("R20.expired", "R20.origin", when=When.COVERED)
def agency_not_licensed(case: Case) -> Finding | None:
    """The agency of the registration has no valid licence on the day, or none to recruit in the traveller's province.

    A licence that the policy does not list is neutral, and so is the way back to work that began under a valid one.
    Quotas are counted over all travellers and are no question of one crossing.

    Source: recruitment in NTT through unlicensed agencies (kalbaroke.com, TPPO Batam, 2025).
    """
    if case.match.covering is None or case.crossing.purpose is Purpose.RETURN_TO_WORK:
        return None
    departure = case.match.covering.registration.latest
    if departure.p3mi_licence is None:
        return None
    listed = case.policy.agencies.get(departure.p3mi_licence)
    ended = _ended(case.crossing.local_date, departure, listed)
    if ended is not None:
        return _expired(case, departure, ended)
    origin = departure.origin_region[:2] if departure.origin_region else case.origin_province
    if listed is None or not listed.origin_provinces or origin is None or origin in listed.origin_provinces:
        return None
    licence = departure.p3mi_licence
    says = Sentence(
        id=f"P3MI dengan izin {licence} tidak berizin merekrut di provinsi asal ({origin}).",
        en=f"The agency under licence {licence} may not recruit in the home province ({origin}).",
        clears_id="Akan gugur bila wilayah izin P3MI pada kebijakan atau P3MI pada pendaftaran dikoreksi.",
        clears_en="Cleared when the licence's provinces in the policy or the registration's agency are corrected.",
    )
    return finding(case, "R20.origin", [departure_ref(departure.departure_id)], says)


def _ended(day: date, departure: Departure, listed: Licence | None) -> date | None:
    """The licence's last day if it lies before the crossing; the policy's list knows better than the registration."""
    last = departure.p3mi_valid_to if listed is None or listed.valid_to is None else listed.valid_to
    return last if last is not None and last < day else None


def _expired(case: Case, departure: Departure, ended: date) -> Finding:
    licence, day = departure.p3mi_licence, ended.isoformat()
    says = Sentence(
        id=f"Izin P3MI {licence} pada pendaftaran {departure.departure_id} berakhir {day}, sebelum keberangkatan.",
        en=f"Licence {licence} of the agency of registration {departure.departure_id} ended on {day}, before the "
        "crossing.",
        clears_id="Akan gugur bila masa berlaku izin P3MI diperbarui pada pendaftaran atau kebijakan.",
        clears_en="Cleared when a later end of the licence comes with the registration or stands in the policy.",
    )
    return finding(case, "R20.expired", [departure_ref(departure.departure_id)], says)
