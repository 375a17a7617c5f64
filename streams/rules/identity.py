"""Rules about the identity shown: a NIK that cannot be, and one document number for two people."""

from __future__ import annotations

from schemas.verdicts import Finding
from schemas.vocabulary import Quality
from streams.case import Case, Sentence, When, departure_ref, event_ref, finding, rule
from streams.matching import names_disagree, two_numbers_agree

REMARKS = {
    Quality.NIK_INVALID: ("NIK tidak sah", "the NIK is not a valid one"),
    Quality.SEX_CONTRADICTS_NIK: ("jenis kelamin tidak sesuai NIK", "the sex contradicts the NIK"),
    Quality.BIRTH_DATE_CONTRADICTS_NIK: ("tanggal lahir tidak sesuai NIK", "the birth date contradicts the NIK"),
}


@rule("R11", when=When.REMARKED)
def nik_does_not_fit(case: Case) -> Finding | None:
    """The NIK is structurally invalid, or contradicts the sex or birth date shown.

    Source: refused for a NIK that did not match (radarlombok.co.id).
    """
    noticed = case.crossing.identity_quality
    if not noticed or case.crossing.foreign:
        return None
    remarks = [texts for code, texts in REMARKS.items() if code in noticed]
    if not remarks:
        return None
    says = Sentence(
        id=f"Data NIK janggal: {', '.join(t[0] for t in remarks)}.",
        en=f"The NIK does not fit: {', '.join(t[1] for t in remarks)}.",
        clears_id="Akan gugur bila NIK dibaca ulang dan sesuai.",
        clears_en="Cleared when the NIK is read again and fits.",
    )
    return finding(case, "R11", (), says)


@rule("R12.two_people", when=When.OTHER_NAME)
def document_shared(case: Case) -> Finding | None:
    """One document number is shown by two people whose names disagree (DOCUMENT_SHARED); both carry it.

    Source: forged identities (regional.kompas.com, 15 March 2018); a number alone never merges two people.
    """
    here, matching = case.crossing, case.policy.matching
    others = [
        o
        for o in case.sharing
        if names_disagree(here.name_bits, o.name_bits, matching) and not two_numbers_agree(here.tokens, o.tokens)
    ]
    if not others and not case.match.shared:
        return None
    evidence = [*map(event_ref, others), *map(departure_ref, case.match.shared)]
    says = Sentence(
        id=f"Nomor dokumen yang sama dipakai orang dengan nama lain ({len(set(evidence))} data).",
        en=f"The same document number is used under another name ({len(set(evidence))} records).",
        clears_id="Akan gugur bila nomor dokumen atau nama pada salah satu data dikoreksi.",
        clears_en="Cleared when the document number or the name in one of the records is corrected.",
    )
    return finding(case, "R12.two_people", evidence, says)
