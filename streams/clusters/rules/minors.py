"""The rule about children on the way without their family."""

from __future__ import annotations

from streams.case import Sentence
from streams.clusters.catalogue import Found, Group, Ride, found, group_rule, innocent_purpose
from streams.clusters.membership import BOOKING, LINKS, PARTY, PAYER
from streams.clusters.people import same_home

_TIE_ID = {PAYER: "satu pembayar", BOOKING: "satu pemesanan", PARTY: "satu rombongan"}


@group_rule("R22", *LINKS)
def child_without_family(group: Group) -> Found | None:
    """A minor travels with adults none of whom stands on its family card.

    An adult whose family card is unknown may be a parent, and then nothing is found.

    Source: 34 adults with seven children (voi.id, 2024).
    """
    adult = group.policy.minimum_age_years
    doubtful = {seat.key for _, seat in group.doubtful}
    alone: list[Ride] = []
    children: list[Ride] = []
    for rides in group.trips.values():
        adults = [r for r in rides if (r[1].age or 0) >= adult]
        if not adults or any(person.home is None for person, _ in adults):
            continue
        here = [
            (person, seat)
            for person, seat in rides
            if seat.key in doubtful
            and seat.age is not None
            and seat.age < adult
            and person.home is not None
            and not any(same_home(person, other) for other, _ in adults)
        ]
        if here:
            children += here
            alone += [*here, *adults]
    if not children or not group.is_now(alone):
        return None
    count = len({person.first.key for person, _ in children})
    says = Sentence(
        id=f"{count} anak bepergian dalam {_TIE_ID[group.kind]} dengan orang dewasa yang tidak sekartu keluarga.",
        en=f"{count} minors travel under one {group.kind} with adults who are not on their family cards.",
        clears_id="Akan gugur bila orang tua atau wali pada kartu keluarga yang sama ikut serta.",
        clears_en="Cleared when a parent or guardian of the same family card travels along.",
    )
    return found(group, "R22", alone, says, innocent=innocent_purpose(group, children))
