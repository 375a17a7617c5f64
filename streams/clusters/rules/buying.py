"""Rules about who pays: one buyer for strangers, and the domestic leg to Batam."""

from __future__ import annotations

from collections import Counter

from schemas.vocabulary import Direction, Province, Sex
from streams.case import Sentence
from streams.clusters.catalogue import (
    Found,
    Group,
    Ride,
    by_home,
    by_person,
    found,
    gathered,
    group_rule,
    innocent_purpose,
    persons,
)
from streams.clusters.membership import BOOKING, PAYER
from streams.clusters.rules.company import HOUSEHOLD

LISTED_AGENT = "agent:listed"
BOTH = 2


def _innocent(group: Group, rides: list[Ride]) -> str | None:
    if group.kind == PAYER and group.value in group.policy.groups.agent_set:
        return LISTED_AGENT
    return innocent_purpose(group, rides)


@group_rule("R07", PAYER, BOOKING, also=("R07.village",))
def bought_for_strangers(group: Group) -> Found | None:
    """One payer or booking stands behind people of different families of whom no registration is known.

    Source: tickets with brokers' codes (labirin.id, 2022); tickets bought by the recruiter (esensi.tv, 21 February
    2025).
    """
    rules = group.policy.groups
    rides = gathered(group.doubtful, rules.window_days, rules.least_people, by_home)
    innocent = _innocent(group, rides) if rides else HOUSEHOLD
    if not rides:
        rides = gathered(group.doubtful, rules.window_days, rules.least_people, by_person)
    if not group.is_now(rides):
        return None
    people = len(persons(rides))
    tie_id, tie_en = ("pembayar", "payer") if group.kind == PAYER else ("pemesanan", "booking")
    says = Sentence(
        id=f"Tiket {people} orang dari keluarga berbeda tanpa pendaftaran memakai satu {tie_id}.",
        en=f"The tickets of {people} people of different families without a registration have one {tie_en}.",
        clears_id="Akan gugur bila pendaftaran mereka diterima atau pembelinya agen perjalanan yang dikenal.",
        clears_en="Cleared when their registrations arrive, or the buyer is listed as a travel agent.",
    )
    villages = Counter(seat.village for seat in {p.first.key: seat for p, seat in rides}.values() if seat.village)
    one_village = any(count >= rules.least_people for count in villages.values())
    return found(group, "R07.village" if one_village else "R07", rides, says, innocent=innocent)


@group_rule("R24", PAYER)
def sent_to_batam_households(group: Group) -> Found | None:
    """Women of the provinces looked after arrive in Kepri from within Indonesia, their tickets bought by one stranger.

    Source: the domestic leg of trafficking, flights paid by the recruiter (esensi.tv, 21 February 2025; kalbaroke.com,
    2025).
    """
    rules = group.policy.groups
    women = [
        (person, seat)
        for person, seat in group.doubtful
        if seat.direction is Direction.DOMESTIC and seat.province is Province.KEPRI and seat.sex is Sex.F
    ]
    rides = gathered(women, rules.window_days, BOTH, by_home)
    if not rides or not group.is_now(rides):
        return None
    count = len(persons(rides))
    says = Sentence(
        id=f"{count} perempuan dari keluarga berbeda tiba di Kepri dari dalam negeri dengan tiket dari satu pembeli.",
        en=f"{count} women of different families arrived in Kepri from within Indonesia on tickets of one buyer.",
        clears_id="Akan gugur bila pembelinya agen berizin atau pendaftaran mereka diterima.",
        clears_en="Cleared when the buyer is listed as a licensed agent, or their registrations arrive.",
    )
    return found(group, "R24", rides, says, innocent=_innocent(group, rides))
