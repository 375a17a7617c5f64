"""The rule about one document under two birth dates, which no lane of a person can see."""

from __future__ import annotations

from schemas.vocabulary import DocumentType
from streams.case import Sentence
from streams.clusters.catalogue import Found, Group, found, group_rule
from streams.clusters.membership import DOCUMENT

SAME_NIK = "same_nik"


@group_rule("R12.dates", DOCUMENT)
def two_birth_dates(group: Group) -> Found | None:
    """One document number is shown under two birth dates; the first crossing under each is named.

    Source: forged identities (regional.kompas.com, 15 March 2018); a slip of the pen is the innocent reason.
    """
    rides = [(person, seat) for person in group.people for seat in person.seats]
    dates = len({seat.block for _, seat in rides})
    if dates < 2 or not group.is_now(rides):
        return None
    # where the document is the identity card, its number is the NIK: that says nothing more
    niks = {None if seat.document_type is DocumentType.KTP else seat.nik for _, seat in rides}
    says = Sentence(
        id=f"Satu nomor dokumen dipakai dengan {dates} tanggal lahir yang berbeda.",
        en=f"One document number was shown under {dates} different birth dates.",
        clears_id="Akan gugur bila tanggal lahir atau nomor dokumen pada salah satu data dikoreksi.",
        clears_en="Cleared when the birth date or the document number of one of the records is corrected.",
    )
    same = len(niks) == 1 and None not in niks
    return found(group, "R12.dates", rides, says, innocent=SAME_NIK if same else None)
