"""The rules for groups: each with groups that it must find and innocent ones that it must not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.codec import decode, encode
from schemas.identity import TokenKind, token
from schemas.verdicts import ClusterMember
from schemas.vocabulary import Direction, DocumentType, Purpose, Sex, Status
from streams.casebook import Casebook
from streams.policy import Groups
from tests.groups import POLICY, groups, placed, seat, someone, suppressed, told, weighing
from tests.people import KEY, NUNUKAN, T0, Person, admitted, crossing, departure, heartbeats, passport_of, report

DAY = timedelta(days=1)
TOGETHER = {"booking": "BK1"}
YOUNG = (1, 2, 3)


def party_of(*numbers: int, **shared: Any) -> list[Any]:
    return [seat(n, **shared) for n in numbers]


def elder(number: int = 50, **changes: Any) -> Any:
    return seat(number, age=45, sex=Sex.M, **changes)


def registered(number: int, **changes: Any) -> Any:
    return departure(someone(number), departure_id=f"d{number}", **changes)


# ------------------------------------------------------------------------------------------ R05 led by an elder


def test_young_people_of_one_village_with_an_elder_on_one_booking_are_led() -> None:
    assert "R05" in weighing(*party_of(1, 2, **TOGETHER), elder(**TOGETHER))


def test_three_of_one_village_led_by_an_elder_of_it_need_no_booking() -> None:
    (cluster,) = groups(*party_of(*YOUNG), elder())
    assert ([f.rule for f in cluster.findings], cluster.score, cluster.status) == (["R05"], 40, Status.UNREGISTERED)


def test_a_ship_within_indonesia_carries_half_a_village() -> None:
    aboard = [*party_of(*YOUNG, direction=Direction.DOMESTIC), elder(direction=Direction.DOMESTIC)]
    assert weighing(*aboard) == set()


def test_the_companion_may_be_a_foreigner() -> None:
    handler = elder(**TOGETHER, nationality="MYS", origin_region=None, nik_token=None)
    assert "R05" in weighing(*party_of(1, 2, **TOGETHER), handler)


def test_tourism_does_not_explain_a_led_group() -> None:
    assert "R05" in weighing(*(seat(n, **TOGETHER, purpose=Purpose.TOURISM) for n in YOUNG), elder(**TOGETHER))


def test_a_family_on_one_card_is_not_led_but_shown() -> None:
    family = [seat(n, home=7, party="P1") for n in YOUNG] + [elder(home=7, party="P1")]
    assert weighing(*family) == set()
    assert "R05:household" in suppressed(*family)


def test_pupils_with_their_teacher_are_shown_with_the_reason() -> None:
    pupils = [seat(n, party="P1", purpose=Purpose.STUDY) for n in YOUNG]
    trip = [*pupils, elder(party="P1", purpose=Purpose.STUDY)]
    assert weighing(*trip) == set()
    assert "R05:purpose:study" in suppressed(*trip)


def test_pilgrims_do_not_explain_others_of_their_village() -> None:
    pilgrims = [seat(n, purpose=Purpose.RELIGIOUS, service_no="FERRY 2") for n in (11, 12, 13)]
    guide = elder(51, purpose=Purpose.RELIGIOUS, service_no="FERRY 2")
    (cluster,) = groups(*party_of(*YOUNG), elder(), *pilgrims, guide)
    assert (cluster.member_count, cluster.suppressed) == (4, ())


def test_registered_workers_with_an_elder_are_no_group() -> None:
    facts = [*party_of(*YOUNG, **TOGETHER), elder(**TOGETHER), *(registered(n) for n in YOUNG)]
    assert groups(*facts) == []


def test_people_of_the_same_age_have_no_companion() -> None:
    assert "R05" not in weighing(*party_of(1, 2, 3, 4, party="P1"))


def test_people_on_different_ferries_have_no_companion() -> None:
    apart = [seat(n, service_no=f"FERRY {n}", party="P1") for n in YOUNG]
    assert "R05" not in weighing(*apart, elder(service_no="FERRY 9", party="P1"))


# ------------------------------------------------------------------------------------------ R06 sent one by one


@pytest.mark.parametrize("link", ["payer", "booking", "party"])
def test_people_sent_on_separate_days_under_one_tie_are_found(link: str) -> None:
    assert "R06" in weighing(*(seat(n, at=T0 + n * 3 * DAY, **{link: "X1"}) for n in YOUNG))


def test_people_sent_with_separate_ferries_of_one_day_are_found() -> None:
    assert "R06" in weighing(*(seat(n, service_no=f"FERRY {n}", payer="081") for n in YOUNG))


def test_a_group_sent_over_a_period_s_end_is_found_once_it_is_whole() -> None:
    for offset in range(0, 28, 3):
        start = T0 + offset * DAY
        assert "R06" in weighing(*(seat(n, at=start + n * 4 * DAY, payer="081") for n in YOUNG)), offset


def test_people_sent_months_apart_are_no_group() -> None:
    assert weighing(*(seat(n, at=T0 + n * 20 * DAY, payer="081") for n in YOUNG)) == set()


def test_people_of_different_villages_are_not_sent_from_one() -> None:
    facts = [seat(n, at=T0 + n * DAY, party="P1", origin_region=f"53{n:02}99") for n in YOUNG]
    assert "R06" not in weighing(*facts)


def test_people_of_one_card_sent_apart_are_shown_as_a_household() -> None:
    facts = [seat(n, at=T0 + n * DAY, payer="081", home=7) for n in YOUNG]
    assert weighing(*facts) == set()
    assert {"R06:household", "R07:household"} <= suppressed(*facts)


def test_one_traveller_three_times_is_one_person() -> None:
    assert weighing(*(seat(1, at=T0 + n * DAY, payer="081") for n in YOUNG)) == set()


# ------------------------------------------------------------------------------------------ R07 bought for strangers


def test_one_payer_of_strangers_is_found() -> None:
    facts = [seat(n, payer="0811", origin_region=f"53{n:02}01") for n in YOUNG]
    assert weighing(*facts) == {"R07"}


def test_one_booking_of_strangers_is_found() -> None:
    facts = [seat(n, booking="BK7", origin_region=f"53{n:02}01", purpose=None) for n in YOUNG]
    assert weighing(*facts) == {"R07"}


def test_strangers_whose_cards_are_unknown_are_strangers() -> None:
    assert "R07" in weighing(*(seat(n, payer="0811", home=0) for n in YOUNG))


def test_a_listed_agent_is_shown_and_does_not_weigh() -> None:
    agent = seat(1, payer="0811").payer_token
    listed = Groups.model_validate(POLICY.groups.model_dump() | {"agents": (agent,)})
    policy = POLICY.model_copy(update={"groups": listed})
    facts = [seat(n, payer="0811", origin_region=f"53{n:02}01") for n in YOUNG]
    assert weighing(*facts, policy=policy) == set()
    assert suppressed(*facts, policy=policy) == {"R07:agent:listed"}


def test_workers_whose_company_registered_and_booked_them_are_no_group() -> None:
    facts = [*party_of(*YOUNG, booking="P3MI"), *(registered(n) for n in YOUNG)]
    assert groups(*facts) == []


def test_two_strangers_are_too_few() -> None:
    assert weighing(*party_of(1, 2, payer="0811")) == set()


def test_travellers_of_other_provinces_are_not_looked_at() -> None:
    assert groups(*(seat(n, payer="0811", origin_region="320101") for n in YOUNG)) == []


def test_traders_on_one_booking_are_shown_with_the_reason() -> None:
    facts = [seat(n, booking="BK7", purpose=Purpose.TRADE) for n in YOUNG]
    (cluster,) = groups(*facts)
    assert (cluster.status, cluster.score, cluster.suppressed) == (Status.OUT_OF_SCOPE, 0, ("R07:purpose:trade",))


# ------------------------------------------------------------------------------------------ R19 the same companion


def journeys(age: int = 45, **changes: Any) -> list[Any]:
    """A companion on two days, each time with two others."""
    led = [seat(n, at=T0 + n // 2 * 20 * DAY, payer="0899") for n in (2, 3, 4, 5)]
    own = [elder(at=T0 + trip * 20 * DAY, payer="0899", **changes) for trip in (1, 2)]
    return [*led, *own, *heartbeats(T0 + 100 * DAY)]


def test_a_companion_again_with_unregistered_people_is_found() -> None:
    assert "R19" in weighing(*journeys())


def test_a_companion_again_is_found_by_village_alone() -> None:
    facts = [f.model_copy(update={"payer_token": None}) if hasattr(f, "payer_token") else f for f in journeys()]
    assert "R19" in weighing(*facts)


def test_the_companion_may_be_registered() -> None:
    facts = [*journeys(), departure(someone(50, age=45, sex=Sex.M), planned_date=None, valid_from=date(2026, 1, 1))]
    assert "R19" in weighing(*facts)


def test_a_companion_once_is_not_the_same_again() -> None:
    assert "R19" not in weighing(*(f for f in journeys() if getattr(f, "event_id", "") != "g50-041102"))


def test_absence_that_is_not_confirmed_is_not_counted() -> None:
    assert "R19" not in weighing(*journeys()[:-4])


def test_crew_that_declares_itself_is_shown_with_the_reason() -> None:
    facts = journeys(purpose=Purpose.OFFICIAL)
    assert "R19" not in weighing(*facts)
    assert "R19:purpose:official" in suppressed(*facts)


def test_a_companion_of_months_ago_is_not_counted() -> None:
    facts = [*journeys(), *heartbeats(T0 + 300 * DAY)]
    late = [
        f.model_copy(update={"occurred_at": f.occurred_at + 120 * DAY})
        if getattr(f, "event_id", "").endswith("041102") or getattr(f, "event_id", "") in {"g4-041102", "g5-041102"}
        else f
        for f in facts
    ]
    assert "R19" not in weighing(*late)


# ------------------------------------------------------------------------------------------ R22 a child alone


def child(**changes: Any) -> Any:
    return seat(9, age=14, **({"party": "P1"} | changes))


def test_a_child_with_a_stranger_is_found() -> None:
    assert weighing(child(), elder(party="P1")) == {"R22"}


def test_a_child_with_two_strangers_under_one_payer_is_found() -> None:
    facts = (child(payer="08", party=None), elder(payer="08"), seat(51, age=40, payer="08", origin_region="320101"))
    assert "R22" in weighing(*facts)


def test_a_child_on_a_domestic_ferry_is_found() -> None:
    facts = [child(direction=Direction.DOMESTIC), elder(party="P1", direction=Direction.DOMESTIC)]
    assert weighing(*facts) == {"R22"}


def test_a_child_with_a_parent_is_not_alone() -> None:
    assert groups(child(home=3), elder(party="P1"), seat(51, age=40, home=3, party="P1")) == []


def test_an_adult_of_an_unknown_family_may_be_the_parent() -> None:
    assert groups(child(), elder(party="P1", home=0)) == []


def test_a_child_whose_family_is_unknown_is_not_called_alone() -> None:
    assert groups(child(home=0), elder(party="P1")) == []


def test_a_pupil_with_a_teacher_is_shown_with_the_reason() -> None:
    facts = [child(purpose=Purpose.STUDY), elder(party="P1", purpose=Purpose.OFFICIAL)]
    assert (weighing(*facts), suppressed(*facts)) == (set(), {"R22:purpose:study"})


# ------------------------------------------------------------------------------------------ R24 to Batam's households


def to_batam(number: int, **changes: Any) -> Any:
    return seat(number, **({"direction": Direction.DOMESTIC, "payer": "0855", "destination_country": None} | changes))


def test_two_women_flown_to_batam_by_one_stranger_are_found() -> None:
    assert weighing(to_batam(1), to_batam(2)) == {"R24"}


def test_women_flown_to_batam_days_apart_are_found() -> None:
    assert "R24" in weighing(to_batam(1), to_batam(2, at=T0 + 10 * DAY))


def test_women_whose_cards_are_unknown_are_found() -> None:
    assert "R24" in weighing(to_batam(1, home=0), to_batam(2, home=0))


def test_women_of_one_home_are_not_found() -> None:
    assert weighing(to_batam(1, home=4), to_batam(2, home=4)) == set()


def test_men_are_not_found() -> None:
    assert weighing(*(to_batam(n, sex=Sex.M) for n in (1, 2))) == set()


def test_women_who_go_to_nunukan_are_not_found() -> None:
    assert weighing(*(to_batam(n, checkpoint_id=NUNUKAN) for n in (1, 2))) == set()


def test_women_who_visit_their_family_are_shown_with_the_reason() -> None:
    facts = [to_batam(n, purpose=Purpose.FAMILY) for n in (1, 2)]
    assert (weighing(*facts), suppressed(*facts)) == (set(), {"R24:purpose:family"})


# ------------------------------------------------------------------------------------------ R12 two birth dates

OTHER = Person(name="ANTONIA BAU", born=date(1990, 2, 3), nik="5399994302909003")


def test_a_passport_under_two_birth_dates_is_found_and_names_both() -> None:
    (cluster,) = groups(crossing(), crossing(OTHER, event_id="e2", at=T0 + 300 * DAY))
    assert (cluster.kind, cluster.status, cluster.members) == ("document", Status.FLAGGED, ("e1", "e2"))
    assert [f.rule for f in cluster.findings] == ["R12"]


def test_a_passport_under_two_birth_dates_without_niks_is_found() -> None:
    assert "R12" in weighing(crossing(nik_token=None), crossing(OTHER, event_id="e2", nik_token=None))


def test_a_foreigner_s_passport_under_two_birth_dates_is_found() -> None:
    facts = [crossing(nationality="MYS"), crossing(OTHER, event_id="e2", nationality="MYS", direction=Direction.IN)]
    assert "R12" in weighing(*facts)


def test_one_person_seen_often_is_no_pair() -> None:
    assert groups(crossing(), crossing(event_id="e2", at=T0 + 30 * DAY)) == []


def test_a_record_without_a_birth_date_is_no_second_date() -> None:
    document = crossing().document.token
    assert document is not None
    weak = crossing(event_id="e2", birth_year=None, block=token(KEY, TokenKind.PASSPORT, "WEAK1"))
    assert groups(crossing(), weak) == []


def test_an_emergency_document_of_a_whole_group_is_no_pair() -> None:
    def sent_home(person: Person, event_id: str) -> Any:
        document = passport_of(person).model_copy(update={"type": DocumentType.SPLP})
        return crossing(person, event_id=event_id, direction=Direction.IN, document=document)

    assert groups(sent_home(Person(), "e1"), sent_home(OTHER, "e2")) == []


def test_one_nik_under_both_dates_is_a_slip_and_shown() -> None:
    facts = [crossing(), crossing(OTHER, event_id="e2", nik_token=crossing().nik_token)]
    assert (weighing(*facts), suppressed(*facts)) == (set(), {"R12:same_nik"})


# ------------------------------------------------------------------------------------------ what is told


def test_a_member_is_told_again_only_when_its_verdict_changes() -> None:
    facts = [seat(1, payer="08"), *heartbeats(T0 + 60 * DAY), seat(1, payer="08"), registered(1)]
    statuses = [one.member.status for one in told(*facts) if one.key.startswith("payer:")]
    assert statuses == [Status.PENDING, Status.UNREGISTERED, Status.MATCHED]


def test_a_verdict_that_only_says_more_tells_the_groups_nothing() -> None:
    person = someone(1)
    first = report(person, case_id="case-1", at=T0)
    second = report(person, case_id="case-2", at=T0)
    book = Casebook(POLICY)
    book.assess(book.remember(admitted(seat(1, payer="08"), first)))
    touched = book.remember(admitted(second))
    (verdict,) = book.assess(touched)
    assert "report:case-2" in {one for found in verdict.findings for one in found.evidence}
    assert book.members(touched) == []


def test_a_member_made_without_checks_is_what_its_constructor_makes() -> None:
    for one in told(seat(1, payer="08", booking="B"), seat(2, direction=Direction.IN, sex=Sex.M)):
        checked = ClusterMember(**one.member.model_dump())
        assert checked == one.member
        assert encode(checked) == encode(one.member)
        assert decode(ClusterMember, encode(one.member)) == one.member


def test_a_corrected_crossing_leaves_the_group_that_it_was_in() -> None:
    facts = [*party_of(*YOUNG, payer="0811"), seat(3, payer="0822")]
    for order in (facts, [facts[3], *facts[:3]]):
        standing = told(*order)
        last = {(one.key, one.member.event_id): one.member.gone for one in standing}
        (payers,) = [{key for key, event in last if key.startswith("payer:") and event == facts[3].event_id}]
        # which content stands is settled by digest, so one of two payers has it and never both
        assert sum(not last[key, facts[3].event_id] for key in payers) == 1


def test_a_large_group_is_capped_in_its_list_and_counted_whole() -> None:
    (booking,) = [c for c in groups(*(seat(n, booking="BIG", home=0) for n in range(120))) if c.kind == "booking"]
    assert len(booking.members) == POLICY.groups.listed_members
    most = POLICY.groups.judged_members
    assert (booking.member_count, booking.left_out) == (most, 120 - most)


def test_three_unregistered_among_three_hundred_registered_on_one_booking_are_found() -> None:
    ship = [seat(n, booking="SHIP", age=25, at=T0 + timedelta(seconds=n)) for n in range(300)]
    papers = [departure(someone(n, age=25), departure_id=f"d{n}") for n in range(297)]
    (booking,) = [c for c in groups(*ship, *papers) if c.kind == "booking" and "R07" in [f.rule for f in c.findings]]
    assert set(booking.members) == {seat(n, age=25).event_id for n in (297, 298, 299)}
    assert (booking.member_count, booking.left_out) == (3, 300 - POLICY.groups.judged_members)


def test_a_class_of_three_hundred_with_its_teachers_is_shown_counted_and_explained() -> None:
    pupils = [seat(n, booking="TRIP", age=15, purpose=Purpose.STUDY, at=T0 + timedelta(seconds=n)) for n in range(300)]
    late = T0 + timedelta(minutes=10)
    teachers = [elder(900 + n, booking="TRIP", purpose=Purpose.STUDY, at=late) for n in range(6)]
    trip = [*pupils, *teachers]
    assert {cluster.kind for cluster in groups(*trip) if cluster.status is not Status.OUT_OF_SCOPE} <= {"village"}
    (booking,) = [c for c in groups(*trip) if c.kind == "booking"]
    assert {one.partition(":")[2] for one in booking.suppressed} == {"purpose:study"}
    assert (
        booking.left_out == 306 - POLICY.groups.judged_members - 6
    )  # the teachers came last and are looked at as the oldest


def test_no_raw_identity_and_no_whole_token_is_told() -> None:
    (one, *_) = told(seat(1, payer="0811", booking="BK1"))
    text = one.member.model_dump_json()
    assert someone(1).passport not in text
    assert someone(1).nik not in text
    assert "0811" not in text


def test_placed_puts_one_record_under_every_key() -> None:
    keys = {one.key.partition(":")[0] for one in told(seat(1, payer="08", booking="B", party="P"))}
    assert keys == {"document", "payer", "booking", "party", "village"}
    assert placed([]) == []
