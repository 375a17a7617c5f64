"""The rule about border passes: a document shown at a post that does not take it."""

from __future__ import annotations

from functools import lru_cache

from schemas import reference
from schemas.verdicts import Finding
from schemas.vocabulary import DocumentType
from streams.case import Case, Sentence, When, finding, place_name, rule


@lru_cache(maxsize=1024)
def _taken(checkpoint_id: str) -> frozenset[str]:
    """The documents that the post takes; empty = unknown."""
    checkpoint = reference.checkpoints().get(checkpoint_id)
    return checkpoint.docs if checkpoint else frozenset()


@rule("R15.border_pass", "R15.passport", when=When.LEAVING)
def wrong_post(case: Case) -> Finding | None:
    """A border pass where none is taken, or a passport at a post for border passes only.

    Whether a bearer lives at the border cannot be told: a NIK names the place of first registration, which whoever
    moved there keeps.

    Source: passports of Kabupaten Nunukan are stamped at Tunon Taka only (niaga.asia, 5 February 2026); each post takes
    the passes of its own districts (kalbar.antaranews.com/361674, finance.detik.com d-6309865).
    """
    kind = case.crossing.document_type
    if not case.leaving or kind not in (DocumentType.PLB, DocumentType.PASSPORT):
        return None
    taken = _taken(case.crossing.checkpoint_id)
    if not taken or kind.value in taken:
        return None
    where = place_name(case.crossing.checkpoint_id)
    if kind is DocumentType.PLB:
        says = Sentence(
            id=f"Pas lintas batas dipakai di {where}, yang tidak melayaninya.",
            en=f"A border pass is used at {where}, where none is taken.",
            clears_id="Akan gugur bila jenis dokumen atau pos pada data lintas dikoreksi.",
            clears_en="Cleared when the crossing's document or post is corrected.",
        )
        return finding(case, "R15.border_pass", (), says)
    if DocumentType.PLB.value not in taken:
        return None
    says = Sentence(
        id=f"Paspor dipakai di {where}, yang hanya melayani pas lintas batas.",
        en=f"A passport is used at {where}, a post for border passes only.",
        clears_id="Akan gugur bila jenis dokumen atau pos pada data lintas dikoreksi.",
        clears_en="Cleared when the crossing's document or post is corrected.",
    )
    return finding(case, "R15.passport", (), says)
