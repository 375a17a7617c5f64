"""Rules about where the traveller goes, compared with the registration."""

from __future__ import annotations

from functools import lru_cache

from schemas import reference
from schemas.verdicts import Finding
from schemas.vocabulary import Purpose
from streams.case import Case, Sentence, When, departure_ref, finding, place_name, rule


@rule("R02.destination", "R02.exit_point", when=When.COVERED)
def goes_elsewhere(case: Case) -> Finding | None:
    """The country of destination, or the city of exit, is another than registered.

    Source: promised Singapore, sent to Malaysia (daerah.sindonews.com/read/1041635).
    """
    if case.match.covering is None:
        return None
    departure = case.match.covering.registration.latest
    event, country = case.crossing, destination_country(case)
    ref = [departure_ref(departure.departure_id)]
    if country and departure.destination_country and country != departure.destination_country:
        says = Sentence(
            id=f"Tujuan {country}, padahal terdaftar ke {departure.destination_country}.",
            en=f"Bound for {country}, but registered for {departure.destination_country}.",
            clears_id=f"Akan gugur bila pendaftaran diubah ke {country} atau tujuan pada data lintas dikoreksi.",
            clears_en=f"Cleared when the registration is amended to {country} or the crossing's destination corrected.",
        )
        return finding(case, "R02.destination", ref, says)
    planned = departure.checkpoint_id
    # a worker who returns from leave may take another port than at first
    if not planned or event.purpose is Purpose.RETURN_TO_WORK or _same_exit(planned, event.checkpoint_id):
        return None
    here, there = place_name(event.checkpoint_id), place_name(planned)
    says = Sentence(
        id=f"Keluar lewat {here}, padahal terdaftar lewat {there}.",
        en=f"Leaves through {here}, but registered to leave through {there}.",
        clears_id=f"Akan gugur bila pendaftaran diubah ke {here}.",
        clears_en=f"Cleared when the registration is amended to {here}.",
    )
    return finding(case, "R02.exit_point", ref, says)


def destination_country(case: Case) -> str | None:
    """The declared country, else that of the place across, unless the traveller may only change there."""
    event = case.crossing
    if event.destination_country or not event.to_place:
        return event.destination_country
    across = reference.place_country(event.to_place)
    covering = case.match.covering
    registered = covering.registration.latest.destination_country if covering else None
    if across is None or registered in _neighbours(event.checkpoint_id):
        return across
    return None


@lru_cache(maxsize=256)
def _neighbours(checkpoint_id: str) -> frozenset[str | None]:
    checkpoint = reference.checkpoints().get(checkpoint_id)
    return frozenset(reference.place_country(p) for p in checkpoint.counterparts) if checkpoint else frozenset()


@lru_cache(maxsize=4096)
def _same_exit(planned: str, actual: str) -> bool:
    return planned == actual or reference.same_city(planned, actual)
