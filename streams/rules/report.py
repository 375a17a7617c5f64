"""The rule about community reports: somebody is looked for, and was seen."""

from __future__ import annotations

from schemas.verdicts import Finding
from streams.case import Case, Sentence, When, finding, rule
from streams.matching import recognises


@rule("R25", when=When.REPORTED)
def looked_for(case: Case) -> Finding | None:
    """The traveller is the person of a SI-SAGA case, whenever the report was made.

    Source: NTT's eight steps, step 5; only the opaque case id is known here.
    """
    found = sorted({r.report.case_id for r in case.reports if recognises(r, case.crossing, case.policy.matching)})
    if not found:
        return None
    says = Sentence(
        id=f"Dicari dalam laporan SI-SAGA ({', '.join(found[:5])}).",
        en=f"Looked for in a SI-SAGA report ({', '.join(found[:5])}).",
        clears_id="Akan gugur bila petugas kasus menyatakan orangnya berbeda.",
        clears_en="Cleared when the case officer says that it is another person.",
    )
    return finding(case, "R25", (f"report:{case_id}" for case_id in found), says)
