"""Rules about the registration itself: none, too late, incomplete, or somebody else's of nearly the same name."""

from __future__ import annotations

from schemas.verdicts import Finding
from streams.case import Case, Sentence, When, departure_ref, finding, rule
from streams.matching import Candidate

PAPERS_ID = {
    "certificate": "sertifikat kompetensi",
    "opp": "orientasi pra-pemberangkatan (OPP)",
    "health": "surat sehat",
    "insurance": "jaminan sosial",
    "permission": "izin keluarga",
    "visa": "visa kerja",
}
PAPERS_EN = {
    "certificate": "competence certificate",
    "opp": "pre-departure orientation (OPP)",
    "health": "health certificate",
    "insurance": "social security",
    "permission": "family permission",
    "visa": "work visa",
}


@rule("R01", "R01.cancelled", when=When.IN_SCOPE | When.ABSENCE_CONFIRMED | When.UNCOVERED)
def absent(case: Case) -> Finding | None:
    """No registration covers the crossing, and every registry has reported past it.

    Source: UU 18/2017 article 13; four workers stopped at Batam with passport and ticket only
    (wantimpres.go.id, BP3MI Kepri).
    """
    match = case.match
    if match.covering or match.late or match.ambiguous or not case.in_scope or not case.absence_confirmed:
        return None
    evidence = [f"watermark:{source.value}" for source in case.policy.registries]
    if match.lapsed is None:
        says = Sentence(
            id="Terindikasi calon PMI asal NTT berangkat tanpa pendaftaran; semua registri sudah melapor.",
            en="Indicated migrant worker from NTT leaves without a registration; all registries have reported.",
            clears_id="Akan gugur bila pendaftaran yang terbit sebelum keberangkatan diterima.",
            clears_en="Cleared when a registration issued before the crossing arrives.",
        )
        return finding(case, "R01", evidence, says)
    return _lapsed(case, match.lapsed, evidence)


def _lapsed(case: Case, found: Candidate, evidence: list[str]) -> Finding:
    registration = found.registration
    cancelled = registration.cancelled_at is not None and registration.cancelled_at <= case.crossing.at
    what_id = "dibatalkan sebelum keberangkatan" if cancelled else "tidak berlaku untuk tanggal ini"
    what_en = "was cancelled before the crossing" if cancelled else "does not cover this date"
    says = Sentence(
        id=f"Pendaftaran {registration.departure_id} {what_id}; tidak ada pendaftaran lain yang berlaku.",
        en=f"Registration {registration.departure_id} {what_en}; no other registration covers the crossing.",
        clears_id="Akan gugur bila pendaftaran diaktifkan kembali atau pendaftaran lain yang berlaku diterima.",
        clears_en="Cleared when the registration is renewed or another one that covers the crossing arrives.",
    )
    key = "R01.cancelled" if cancelled else "R01"
    return finding(case, key, [*evidence, departure_ref(registration.departure_id)], says)


@rule("R26", when=When.LATE | When.UNCOVERED | When.IN_SCOPE)
def registered_afterwards(case: Case) -> Finding | None:
    """The registration was first issued only after the crossing.

    Source: law 4: a registration made after the crossing is never the same as none.
    """
    if case.match.covering or case.match.late is None or not case.in_scope:
        return None
    registration = case.match.late.registration
    day = registration.first_issued_at.date().isoformat()
    says = Sentence(
        id=f"Pendaftaran {registration.departure_id} baru terbit {day}, setelah keberangkatan.",
        en=f"Registration {registration.departure_id} was first issued on {day}, after the crossing.",
        clears_id="Akan gugur bila revisi pertama yang terbit sebelum keberangkatan diterima.",
        clears_en="Cleared when a first revision issued before the crossing arrives.",
    )
    return finding(case, "R26", [departure_ref(registration.departure_id)], says)


@rule("R27", when=When.AMBIGUOUS)
def ambiguous_identity(case: Case) -> Finding | None:
    """Registrations of different people are all near in name: none is taken (AMBIGUOUS_IDENTITY, weight 0).

    Source: record linkage: a near name alone must not choose between two people.
    """
    found = case.match.ambiguous
    if not found:
        return None
    says = Sentence(
        id=f"{len(found)} pendaftaran milik orang berbeda bernama hampir sama; tidak ada yang dipilih.",
        en=f"{len(found)} registrations of different people have nearly this name; none was chosen.",
        clears_id="Akan jelas bila nomor paspor atau NIK pelintas atau pendaftarannya diketahui.",
        clears_en="Settled when the passport number or NIK of the traveller or the registration is known.",
    )
    return finding(case, "R27", map(departure_ref, found), says)


@rule("R21", when=When.COVERED)
def incomplete_papers(case: Case) -> Finding | None:
    """The registration that covers the crossing lacks papers that the policy requires.

    Source: UU 18/2017 article 13; orientation by Perban BP2MI 4/2023.
    """
    if case.match.covering is None:
        return None
    registration = case.match.covering.registration
    readiness = registration.latest.readiness
    lacking = [paper for paper in case.policy.required_papers if not getattr(readiness, paper, None)]
    if not lacking:
        return None
    list_id = ", ".join(PAPERS_ID.get(p, p) for p in lacking)
    list_en = ", ".join(PAPERS_EN.get(p, p) for p in lacking)
    says = Sentence(
        id=f"Pendaftaran {registration.departure_id} belum lengkap: {list_id}.",
        en=f"Registration {registration.departure_id} is incomplete: {list_en}.",
        clears_id=f"Akan gugur bila revisi dengan {list_id} diterima.",
        clears_en=f"Cleared when a revision with {list_en} arrives.",
    )
    return finding(case, "R21", [departure_ref(registration.departure_id)], says)
