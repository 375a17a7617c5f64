"""The rule about age: a minor on the way to work, or documents that disagree about the age."""

from __future__ import annotations

from schemas.verdicts import Finding
from schemas.vocabulary import Direction, Purpose, Tier
from streams.case import Case, Sentence, When, departure_ref, finding, rule


@rule("R10.minor", "R10.ages", when=When.AGE_IN_QUESTION)
def minor_or_ages_disagree(case: Case) -> Finding | None:
    """A minor leaves for work, or NIK, document and registration give different birth years.

    Source: UU 18/2017 article 5; two aged sixteen stopped at Tenau (lintasntt.com, 2018).
    """
    return _minor(case) or _ages_disagree(case)


def _minor(case: Case) -> Finding | None:
    event, least = case.crossing, case.policy.minimum_age_years
    if event.age_years is None or event.age_years >= least or event.foreign:
        return None
    working = event.purpose in (Purpose.WORK, Purpose.RETURN_TO_WORK)
    domestic_leg = event.direction is Direction.DOMESTIC and working and case.from_scope
    leaves_for_work = case.leaving and (working or case.in_scope or case.match.covering is not None)
    if not domestic_leg and not leaves_for_work:
        return None
    says = Sentence(
        id=f"Berumur {event.age_years} tahun, di bawah {least} tahun, dan terindikasi berangkat untuk bekerja.",
        en=f"Aged {event.age_years}, under {least}, and indicated to leave for work.",
        clears_id="Akan gugur bila tanggal lahir atau tujuan perjalanan dikoreksi.",
        clears_en="Cleared when the birth date or the purpose of travel is corrected.",
    )
    return finding(case, "R10.minor", (), says)


def _ages_disagree(case: Case) -> Finding | None:
    event = case.crossing
    if event.foreign or event.birth_year is None:
        return None
    years, evidence = {event.birth_year}, []
    if event.nik_birth_year is not None:
        years.add(event.nik_birth_year)
    found = case.match.covering or case.match.late
    if found is not None and found.tier is not Tier.NAME and found.registration.latest.birth_year is not None:
        registered = found.registration.latest.birth_year
        if registered not in years:
            evidence.append(departure_ref(found.registration.departure_id))
        years.add(registered)
    if len(years) == 1:
        return None
    says = Sentence(
        id="Tahun lahir pada NIK, dokumen perjalanan, dan pendaftaran tidak sama.",
        en="NIK, travel document and registration do not give the same birth year.",
        clears_id="Akan gugur bila tanggal lahir pada salah satu dokumen dikoreksi.",
        clears_en="Cleared when the birth date on one of them is corrected.",
    )
    return finding(case, "R10.ages", evidence, says)
