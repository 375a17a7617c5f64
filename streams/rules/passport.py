"""Rules about the passport: made far from home, and used for the first time."""

from __future__ import annotations

from schemas.verdicts import Finding
from schemas.vocabulary import DocumentType
from streams.case import Case, Sentence, When, finding, office_region, rule


def _age_days(case: Case) -> int | None:
    """Days from the passport's issue to the crossing; None = not a passport, no date, or a date after the crossing."""
    here = case.crossing
    if here.document_type is not DocumentType.PASSPORT or here.issued_on is None:
        return None
    age = (here.local_date - here.issued_on).days
    return age if age >= 0 else None


@rule("R08", when=When.DATED_PASSPORT | When.LEAVING)
def issued_far_from_home(case: Case) -> Finding | None:
    """The passport was issued recently, at an office outside the traveller's province.

    Source: passports made in Blitar, Siak, Pekanbaru, Batam (regional.kompas.com, 15 March 2018), Parepare
    (lintasntt.com, 2025).
    """
    age, office_name = _age_days(case), case.crossing.issue_office
    if age is None or age > case.policy.passport.recent_days or not office_name:
        return None
    origin, office = case.crossing.origin_region or case.origin_province, office_region(office_name)
    if not case.leaving or not case.from_scope or origin is None or office is None or office[:2] == origin[:2]:
        return None
    says = Sentence(
        id=f"Paspor berumur {age} hari diterbitkan di {office_name}, di luar provinsi asal.",
        en=f"The passport is {age} days old and was issued at {office_name}, outside the home province.",
        clears_id="Akan gugur bila kantor atau tanggal terbit paspor dikoreksi.",
        clears_en="Cleared when the passport's office or date of issue is corrected.",
    )
    return finding(case, "R08", (), says)


@rule("R09", when=When.DATED_PASSPORT | When.LEAVING)
def first_use(case: Case) -> Finding | None:
    """A new passport is used for the first time.

    Source: "paspor baru" among those stopped at Batam (batamtoday.com, 2023).
    """
    age, here = _age_days(case), case.crossing
    if age is None or age > case.policy.passport.new_days or not case.leaving or not case.from_scope:
        return None
    token = here.document
    if any(o.document == token and (o.at_us, o.key) < (here.at_us, here.key) for o in case.sharing):
        return None
    says = Sentence(
        id=f"Paspor berumur {age} hari dipakai untuk pertama kali.",
        en=f"The passport is {age} days old and used for the first time.",
        clears_id="Akan gugur bila perlintasan lebih awal dengan paspor ini diterima.",
        clears_en="Cleared when an earlier crossing on this passport arrives.",
    )
    return finding(case, "R09", (), says)
