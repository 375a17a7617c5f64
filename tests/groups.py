"""Groups of synthetic travellers for tests: through the person's book into the groups' book, as lanes do it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from schemas.identity import TokenKind, token
from schemas.records import TransitEvent
from schemas.verdicts import Cluster
from schemas.vocabulary import Sex
from streams.casebook import Casebook
from streams.clusters.book import AdmittedMember, Clusterbook
from streams.clusters.membership import Membership
from streams.policy import Policy, shipped_policy
from tests.people import KEY, T0, Person, admitted, crossing

POLICY = shipped_policy()
NAMES = ("MARIA SERAN", "YULIANA BERE", "ANA LAKA", "RINA TOBO", "DEWI NONA", "LUSIA KABU", "VERA TAE", "INA MALI")


def someone(number: int, *, age: int = 22, sex: Sex = Sex.F) -> Person:
    """A person of the impossible kecamatan 539999, told apart by number."""
    born = date(T0.year - age, 1, 10) + timedelta(days=number % 40)
    first = f"{born.day + 40 * (sex is Sex.F):02}{born.month:02}{born.year % 100:02}"
    name = f"{NAMES[number % len(NAMES)]} {'ABCDEFGHIJ'[number // 8 % 10]}{'KLMNOPQRST'[number // 80 % 10]}"
    return Person(name=name, born=born, sex=sex, passport=f"XX{7000000 + number}", nik=f"539999{first}{9000 + number}")


def seat(
    number: int,
    *,
    age: int = 22,
    home: int | None = None,
    at: datetime = T0,
    payer: str | None = None,
    booking: str | None = None,
    party: str | None = None,
    sex: Sex = Sex.F,
    **changes: Any,
) -> TransitEvent:
    """A crossing of that person, on the ferry of its day; `home` numbers the family card, each its own by default."""
    tied = {"payer_token": (TokenKind.PAYER, payer), "booking_token": (TokenKind.BOOKING, booking)}
    tied |= {"party_token": (TokenKind.PARTY, party)}
    fields: dict[str, Any] = {name: token(KEY, kind, value) for name, (kind, value) in tied.items() if value}
    if home != 0:
        fields["kk_token"] = token(KEY, TokenKind.KK, f"5399990101{home or 100000 + number:06}")
    fields["event_id"] = f"g{number}-{at:%m%d%H}"
    fields["service_no"] = "FERRY 1"
    return crossing(someone(number, age=age, sex=sex), at=at, **(fields | changes))


def placed(members: Sequence[Membership]) -> list[AdmittedMember]:
    """What lanes of groups read."""
    return [AdmittedMember(key, one.member) for one in members for key in one.keys]


def told(*facts: Any, policy: Policy = POLICY) -> list[AdmittedMember]:
    """What the person's book tells the groups, fact by fact."""
    book, said = Casebook(policy), []
    for fact in admitted(*facts):
        touched = book.remember([fact])
        book.assess(touched)
        said += placed(book.members(touched))
    return said


def groups(*facts: Any, policy: Policy = POLICY) -> list[Cluster]:
    """What is said of the groups once all facts are known."""
    book = Clusterbook(policy)
    book.replay(told(*facts, policy=policy))
    return book.clusters()


def weighing(*facts: Any, policy: Policy = POLICY) -> set[str]:
    """The rules that weigh in some group."""
    found = set()
    for cluster in groups(*facts, policy=policy):
        innocent = {one.partition(":")[0] for one in cluster.suppressed}
        found |= {f.rule for f in cluster.findings} - innocent
    return found


def suppressed(*facts: Any, policy: Policy = POLICY) -> set[str]:
    """The findings that an innocent reason explains."""
    return {one for cluster in groups(*facts, policy=policy) for one in cluster.suppressed}
