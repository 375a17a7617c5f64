"""Record linkage inside one block: which registration a crossing belongs to, and who is the same person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from schemas.identity import dice_bits
from schemas.vocabulary import Direction, DocumentType, Tier
from streams.crossing import Crossing
from streams.dossier import Registration, Report, opposite_sex
from streams.likeness import names_disagree as names_disagree
from streams.likeness import names_near as names_near
from streams.likeness import own_bits as own_bits
from streams.packing import NOTHING
from streams.policy import Cover, Matching, Policy

ORDER = (Tier.PASSPORT, Tier.NIK, Tier.NAME)


@dataclass(slots=True, frozen=True, kw_only=True)
class Candidate:
    """A registration that is about the traveller of a crossing, and how that is known."""

    registration: Registration
    tier: Tier
    dice: float


@dataclass(slots=True, frozen=True, kw_only=True)
class Match:
    """What the registries say of one crossing."""

    covering: Candidate | None = None
    late: Candidate | None = None
    """First issued only after the crossing."""
    lapsed: Candidate | None = None
    """The traveller's, but cancelled by then or for another time."""
    ambiguous: tuple[str, ...] = ()
    """Departure ids of different people whose names are all near enough."""
    shared: tuple[str, ...] = ()
    """Departure ids under the same document number whose names disagree."""


NO_MATCH = Match()


def two_numbers_agree(a: Collection[bytes], b: Collection[bytes]) -> bool:
    """Whether two sets of document numbers share two: then a misspelt name is a slip, not another person."""
    return sum(token in b for token in a) > 1


def best_dice(bits: int, names: Iterable[int]) -> float:
    """The nearest of several spellings."""
    return max((dice_bits(bits, n) for n in names if n), default=0.0) if bits else 0.0


def shows_passport(crossing: Crossing) -> bool:
    """Whether the number of a passport is known."""
    return crossing.document != NOTHING and crossing.document_type is DocumentType.PASSPORT


def tier_of(crossing: Crossing, registration: Registration, rule: Matching) -> Tier | None:
    """How the registration is the traveller's, strongest tier first; None = it is not."""
    document, nik = crossing.document, crossing.nik
    if document in registration.passports or document in registration.niks or nik in registration.niks:
        certain = two_numbers_agree(crossing.tokens, registration.tokens)
        if not certain and _all_disagree(crossing.name_bits, registration.names, rule):
            return None
        return Tier.PASSPORT if document in registration.passports else Tier.NIK
    if registration.near_date:
        # under another birth date a like name is a namesake's: measured, not one such match was right
        return None
    return Tier.NAME if _by_name(crossing, registration, rule) else None


def _by_name(crossing: Crossing, registration: Registration, rule: Matching) -> bool:
    bits = crossing.name_bits
    if not bits or opposite_sex(crossing.sex, registration.latest.sex):
        return False
    renewed = bool(registration.passports) and shows_passport(crossing)
    if not any(names_near(bits, name, rule, renewed=renewed) for name in registration.names):
        return False
    nik = crossing.nik
    contradicted = nik != NOTHING and registration.niks and nik not in registration.niks
    return not contradicted or best_dice(bits, registration.names) >= rule.contradicted_dice


def _all_disagree(bits: int, names: Sequence[int], rule: Matching) -> bool:
    return bool(names) and all(names_disagree(bits, name, rule) for name in names)


def same_person(a: Crossing, b: Crossing, rule: Matching) -> bool:
    """Whether two crossings of one block are one traveller's."""
    if a.nik != b.nik and NOTHING not in (a.nik, b.nik):
        return False
    if any(t in b.tokens for t in a.tokens):
        return two_numbers_agree(a.tokens, b.tokens) or not names_disagree(a.name_bits, b.name_bits, rule)
    return names_near(a.name_bits, b.name_bits, rule) and not opposite_sex(a.sex, b.sex)


def recognises(report: Report, crossing: Crossing, rule: Matching) -> bool:
    """Whether a community report is about the traveller; a letter of the name may be wrong."""
    document, nik = crossing.document, crossing.nik
    if document != NOTHING and document in (report.passport, report.nik):
        return True
    if nik != NOTHING and report.nik != NOTHING:
        return nik == report.nik
    if opposite_sex(crossing.sex, report.report.sex) or not crossing.name_bits:
        return False
    return dice_bits(report.name_bits, crossing.name_bits) >= rule.report_dice


def covers(registration: Registration, crossing: Crossing, rule: Cover) -> bool:
    """Whether the registration's dates hold the crossing; days are the checkpoint's, both ends inclusive."""
    day, departure = crossing.local_date, registration.latest
    if departure.planned_date is not None:
        first = departure.planned_date - timedelta(days=rule.planned_before_days)
        if first <= day <= departure.planned_date + timedelta(days=rule.planned_after_days):
            return True
    start, end = departure.valid_from, departure.valid_to
    if start is None and end is None:
        undated = departure.planned_date is None
        return undated and crossing.at <= registration.first_issued_at + timedelta(days=rule.undated_days)
    if start is None:
        return end is not None and day <= end
    last = end if end is not None else start + timedelta(days=rule.open_contract_days)
    return start - timedelta(days=rule.contract_lead_days) <= day <= last


def match(crossing: Crossing, registrations: Iterable[Registration], policy: Policy) -> Match:
    """Find the traveller's registration; a function of the set of registrations, whatever their order."""
    if crossing.direction is not Direction.OUT or crossing.foreign:
        return NO_MATCH
    rule, found, shared = policy.matching, [], []
    for registration in registrations:
        tier = tier_of(crossing, registration, rule)
        if tier is not None:
            dice = best_dice(crossing.name_bits, registration.names)
            found.append(Candidate(registration=registration, tier=tier, dice=dice))
        elif not registration.tokens.isdisjoint(crossing.tokens):
            shared.append(registration.departure_id)
    if not found:
        return Match(shared=tuple(sorted(shared))) if shared else NO_MATCH
    return _choose(crossing, found, tuple(sorted(shared)), policy)


def _choose(crossing: Crossing, found: list[Candidate], shared: tuple[str, ...], policy: Policy) -> Match:
    if all(c.tier is Tier.NAME for c in found) and _different_people(found, policy.matching):
        return Match(ambiguous=tuple(sorted(c.registration.departure_id for c in found)), shared=shared)
    if any(c.tier is not Tier.NAME for c in found):
        found = _not_contradicted(found, policy.matching)
    covering, late, lapsed = [], [], []
    for candidate in found:
        registration = candidate.registration
        first, cancelled = registration.first_issued_at, registration.cancelled_at
        if first > crossing.at:
            if cancelled is None and first <= crossing.at + timedelta(days=policy.cover.late_days):
                late.append(candidate)
        elif (cancelled is None or crossing.at < cancelled) and covers(registration, crossing, policy.cover):
            covering.append(candidate)
        else:
            lapsed.append(candidate)
    return Match(
        covering=_best(covering, crossing),
        late=_best(late, crossing),
        lapsed=_best(lapsed, crossing),
        shared=shared,
    )


def _not_contradicted(found: list[Candidate], rule: Matching) -> list[Candidate]:
    """Beside a registration under the traveller's own number, a near name alone must be the same worker's."""
    sure = [c.registration for c in found if c.tier is not Tier.NAME]
    return [c for c in found if c.tier is not Tier.NAME or any(_one_worker(c.registration, s, rule) for s in sure)]


def _different_people(found: list[Candidate], rule: Matching) -> bool:
    # every pair: one without a NIK may be either's of two whose NIKs differ
    return any(not _one_worker(a.registration, b.registration, rule) for a, b in combinations(found, 2))


def _one_worker(a: Registration, b: Registration, rule: Matching) -> bool:
    if not a.tokens.isdisjoint(b.tokens):
        return True
    if a.niks and b.niks:
        return False
    return any(dice_bits(x, y) >= rule.contradicted_dice for x in a.names for y in b.names)


def _best(candidates: list[Candidate], crossing: Crossing) -> Candidate | None:
    def rank(candidate: Candidate) -> tuple[int, float, int, str]:
        planned = candidate.registration.latest.planned_date
        days_off = abs((planned - crossing.local_date).days) if planned else 10_000
        return ORDER.index(candidate.tier), -candidate.dice, days_off, candidate.registration.departure_id

    return min(candidates, key=rank, default=None)
