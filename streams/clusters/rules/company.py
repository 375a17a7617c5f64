"""Rules about who travels together: led by an elder on one voyage, sent one by one, and the same companion again."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.vocabulary import Direction
from streams.case import Sentence, place_name
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
from streams.clusters.membership import BOOKING, LINKS, PARTY, PAYER, VILLAGE
from streams.clusters.people import UNCONFIRMED, Traveller, households, same_home

HOUSEHOLD = "household"
COMPANIONS_LOOKED_AT = 5
CLEARS_ID = "Akan gugur bila pendaftaran yang berlaku diterima atau kartu keluarga menunjukkan satu rumah tangga."
CLEARS_EN = "Cleared when registrations that cover them arrive, or a family card shows them to be one household."


def by_village(rides: Sequence[Ride]) -> dict[str, list[Ride]]:
    """Crossings by the kecamatan of first registration; an unknown one is nobody's."""
    villages: dict[str, list[Ride]] = {}
    for ride in rides:
        if ride[1].village is not None:
            villages.setdefault(ride[1].village, []).append(ride)
    return villages


@group_rule("R05", *LINKS, VILLAGE, also=("R05.village",))
def led_by_an_elder(group: Group) -> Found | None:
    """People of one kecamatan and different families are on one voyage with one older companion.

    Source: nine of one village led by an uncle (lintasntt.com, 2025); women with one handler at Batam Centre
    (detik.com, 2023).
    """
    led: list[Ride] = []
    explained: dict[str, list[Ride]] = {}
    # a ship within Indonesia carries half a village at any time: only a tie tells who belongs together on it
    doubtful = {seat.key for _, seat in group.doubtful if group.kind != VILLAGE or seat.direction is Direction.OUT}
    for trip, rides in group.trips.items():
        if not trip[2] and group.kind == VILLAGE:
            continue  # only the day and the checkpoint are known to be the same
        for of_village in by_village([r for r in rides if r[1].key in doubtful]).values():
            company = _led(group, rides, of_village)
            if not company:
                continue
            # voyage by voyage: what explains pilgrims does not explain others of their village
            reason = innocent_purpose(group, company) if enough(group, company) else HOUSEHOLD
            (led if reason is None else explained.setdefault(reason, [])).extend(company)
    if group.is_now(led):
        return _says_led(group, led, None)
    for reason, rides in sorted(explained.items()):
        if group.is_now(rides):
            return _says_led(group, rides, reason)
    return None


def enough(group: Group, company: Sequence[Ride]) -> bool:
    """Whether those led and the companion, who comes first, are of enough families."""
    least = group.policy.groups.least_people
    elder, led = company[0][0], persons(company[1:])
    apart = households(p for p in led if not same_home(p, elder))
    return apart >= (least if group.kind == VILLAGE else least - 1)


def _led(group: Group, rides: Sequence[Ride], of_village: Sequence[Ride]) -> list[Ride]:
    """The oldest adult on board, then those so much younger; empty where they are too few, whatever their families."""
    rules, adult = group.policy.groups, group.policy.minimum_age_years
    # in a village nothing else ties them: the companion must come from there too
    aboard = [r for r in (of_village if group.kind == VILLAGE else rides) if (r[1].age or 0) >= adult]
    if not aboard:
        return []
    elder = max(aboard, key=lambda r: (r[1].age or 0, r[1].place))
    oldest = (elder[1].age or 0) - rules.companion_years
    younger = [r for r in of_village if r[0] is not elder[0] and r[1].age is not None and r[1].age <= oldest]
    least = rules.least_people if group.kind == VILLAGE else rules.least_people - 1
    return [elder, *younger] if len(persons(younger)) >= least else []


def _says_led(group: Group, led: Sequence[Ride], innocent: str | None) -> Found:
    people, where = len(persons(led)), place_name(led[0][1].trip[0])
    says = Sentence(
        id=f"{people} orang sekecamatan dari keluarga berbeda berangkat bersama lewat {where} dengan seorang "
        "pendamping yang lebih tua.",
        en=f"{people} people of one kecamatan and different families left together through {where} with one older "
        "companion.",
        clears_id=CLEARS_ID,
        clears_en=CLEARS_EN,
    )
    return found(group, "R05.village" if group.kind == VILLAGE else "R05", led, says, innocent=innocent)


@group_rule("R06", *LINKS)
def sent_one_by_one(group: Group) -> Found | None:
    """People of one kecamatan and different families are sent on separate voyages, tied by payer, booking or party.

    Source: sent one by one after groups were stopped (regional.kompas.com, 15 March 2018; batamtoday.com, 2023).
    """
    rules = group.policy.groups
    sent: list[Ride] = []
    at_home: list[Ride] = []
    for rides in by_village(group.doubtful).values():
        apart = gathered(rides, rules.window_days, rules.least_people, by_home, trips=2)
        sent += apart
        if not apart:
            at_home += gathered(rides, rules.window_days, rules.least_people, by_person, trips=2)
    rides, innocent = (sent, innocent_purpose(group, sent)) if group.is_now(sent) else (at_home, HOUSEHOLD)
    if not group.is_now(rides):
        return None
    people, trips = len(persons(rides)), len({seat.trip for _, seat in rides})
    says = Sentence(
        id=f"{people} orang sekecamatan dari keluarga berbeda diberangkatkan terpisah dalam {trips} perjalanan dengan "
        f"{_TIE_ID[group.kind]} yang sama.",
        en=f"{people} people of one kecamatan and different families were sent on {trips} separate voyages under one "
        f"{group.kind}.",
        clears_id=CLEARS_ID,
        clears_en=CLEARS_EN,
    )
    return found(group, "R06", rides, says, innocent=innocent)


_TIE_ID = {PAYER: "pembayar", BOOKING: "pemesanan", PARTY: "rombongan"}


@group_rule("R19", *LINKS, VILLAGE)
def the_same_companion_again(group: Group) -> Found | None:
    """One adult is seen on several voyages with people of other families of whom no registration is known.

    Source: a recruiter on the third journey (lintasntt.com, 2025), on the second (detik.com, 2023).
    """
    best: tuple[int, Traveller, list[Ride]] | None = None
    for companion in _companions(group):
        rides = _led_by(group, companion)
        homes = households(p for p in persons(rides) if p is not companion)
        trips = len({seat.trip for _, seat in rides})
        if homes >= group.policy.groups.least_people and trips > 1 and (best is None or homes > best[0]):
            best = (homes, companion, rides)
    if best is None or not group.is_now(best[2]):
        return None
    _, companion, rides = best
    trips, others = len({seat.trip for _, seat in rides}), len(persons(rides)) - 1
    own = [ride for ride in rides if ride[0] is companion]
    says = Sentence(
        id=f"Pendamping yang sama terlihat dalam {trips} perjalanan bersama {others} orang yang tidak terdaftar.",
        en=f"The same companion was seen on {trips} voyages with {others} people without a registration.",
        clears_id="Akan gugur bila pendaftaran mereka diterima, atau pendamping itu awak, pemandu atau rohaniwan.",
        clears_en="Cleared when their registrations arrive, or the companion proves to be crew, a guide or clergy.",
    )
    return found(group, "R19", rides, says, innocent=innocent_purpose(group, own))


def _companions(group: Group) -> list[Traveller]:
    """Adults on more than one voyage, those with most first: of a large group only these can be the companion."""
    adult = group.policy.minimum_age_years
    often = [
        (len({seat.trip for seat in person.seats}), person)
        for person in group.people
        if (person.age or 0) >= adult and len(person.seats) > 1
    ]
    often = [(trips, person) for trips, person in often if trips > 1]
    often.sort(key=lambda one: (-one[0], -(one[1].age or 0), one[1].first.place))
    return [person for _, person in often[:COMPANIONS_LOOKED_AT]]


def _led_by(group: Group, companion: Traveller) -> list[Ride]:
    """The companion's voyages with unregistered people of other families, and those people; empty ones left out."""
    years = group.policy.groups.companion_years
    led: list[Ride] = []
    for own in companion.seats:
        others = [
            (person, seat)
            for person, seat in group.trips[own.trip]
            if person is not companion
            and seat.status in UNCONFIRMED
            and not person.registered
            and not same_home(person, companion)
            and (group.kind != VILLAGE or (seat.age or 0) + years <= (own.age or 0))
        ]
        if others:
            led += [(companion, own), *others]
    return led
