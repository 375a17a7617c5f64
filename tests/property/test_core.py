"""The fast casebook against a plain one that judges every crossing of a block anew, and its indexes against a scan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import streams.dossier
import streams.nearness
from schemas.codec import encode
from schemas.identity import code_bits, dice_bits, name_code
from schemas.records import CommunityReport, Departure, Heartbeat, TransitEvent
from schemas.vocabulary import Source
from streams.assessing import assess
from streams.case import CATALOGUE, Case, When, rules_when
from streams.casebook import Admitted, Casebook
from streams.crossing import Crossing
from streams.dossier import Registration, Report, Revision, registration_of, report_of
from streams.likeness import names_near
from streams.matching import match
from streams.nearness import Names
from streams.packing import NAME_BYTES, NOTABLE, marks_of, microseconds, name_bytes, pack, tokens_of
from streams.policy import shipped_policy
from tests.people import KEY, admitted
from tests.property.test_laws import Verdicts, place
from tests.strategies import BORN, worlds

POLICY = shipped_policy()


class Scan:
    """Every fact in a list; every question answered by looking at all of them."""

    def __init__(self, facts: list[Admitted]) -> None:
        events: dict[tuple[str, str, str], Admitted] = {}
        for a in facts:
            if isinstance(a.fact, TransitEvent):
                key = (a.fact.block, a.fact.province.value, a.fact.event_id)
                if key not in events or events[key].digest < a.digest:
                    events[key] = a
        self.rows = [(a.fact.block, pack(a.fact, a.digest, n)) for n, a in enumerate(events.values())]
        self.revisions = [Revision(departure=a.fact, digest=a.digest) for a in facts if isinstance(a.fact, Departure)]
        self.reports = [report_of(a.fact, a.digest) for a in facts if isinstance(a.fact, CommunityReport)]
        marks: dict[Source, Any] = {}
        for a in facts:
            if isinstance(a.fact, Heartbeat):
                marks[a.fact.source] = max(a.fact.complete_up_to, marks.get(a.fact.source, a.fact.complete_up_to))
        complete = all(source in marks for source in POLICY.registries)
        self.watermark_us = microseconds(min(marks[s] for s in POLICY.registries)) if complete else None

    def verdicts(self) -> Verdicts:
        return {place(a): a for a in map(self._judge, self.rows)}

    def _judge(self, where: tuple[str, bytes]) -> Any:
        block, row = where
        here = [r for b, r in self.rows if b == block and r is not row]
        crossing = Crossing(row, block)
        case = Case(
            crossing=crossing,
            match=match(crossing, self._registrations(block, row), POLICY),
            others=[r for r in here if set(tokens_of(r)) & set(tokens_of(row))],
            notable=[Crossing(r, block) for r in here if marks_of(r) & NOTABLE],
            reports=self._reports(block, row),
            watermark_us=self.watermark_us,
            policy=POLICY,
        )
        case.when = sum(When)  # every rule is asked, whatever it says it needs
        return assess(case)

    def _registrations(self, block: str, row: bytes) -> Iterator[Registration]:
        for key in {r.departure.departure_id for r in self.revisions}:
            known = {r.digest: r for r in self.revisions if r.departure.departure_id == key}.values()
            here = [r for r in known if r.departure.block == block]
            wide = [r for r in known if r.departure.block is None]
            if here:
                yield registration_of([*here, *wide])
            elif wide and registration_of(wide).tokens & set(tokens_of(row)):
                yield registration_of(wide)

    def _reports(self, block: str, row: bytes) -> list[Report]:
        tokens = set(tokens_of(row))
        return [
            r for r in self.reports if r.report.block == block or (r.report.block is None and tokens & set(r.tokens))
        ]


@pytest.fixture(params=[0, 2, 1000], ids=["indexed", "switching", "scanned"], scope="module")
def thresholds(request: pytest.FixtureRequest) -> Iterator[None]:
    """From how many facts on a block is indexed."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((streams.dossier, "MANY"), (streams.dossier, "MANY_CROSSINGS"), (streams.nearness, "FEW")):
            patch.setattr(module, name, request.param)
        yield


@given(world=worlds)
def test_every_fact_leaves_the_verdicts_of_a_full_scan(thresholds: None, world: list[Any]) -> None:
    """What was said last of each crossing is what a scan of everything says, after each fact."""
    facts, book, said = admitted(*world), Casebook(POLICY), {}
    for i, fact in enumerate(facts):
        said |= {place(a): a for a in book.assess(book.remember([fact]))}
        assert said == Scan(facts[: i + 1]).verdicts()


@given(world=worlds, cut=st.integers(0, 14))
def test_a_casebook_put_away_goes_on_as_if_it_had_never_stopped(world: list[Any], cut: int) -> None:
    """It says the same of what it knows, and of every later fact."""
    facts, first = admitted(*world), Casebook(POLICY)
    first.replay(facts[:cut])
    second = Casebook.load(POLICY, list(first.dump()))
    assert len(second) == len(first)
    assert second.watermarks == first.watermarks
    assert {place(a): a for a in second.verdicts()} == {place(a): a for a in first.verdicts()}
    for fact in facts:  # those from before the cut too: known ones say nothing
        one, other = (b.assess(b.remember([fact])) for b in (first, second))
        assert sorted(map(encode, one)) == sorted(map(encode, other))


WORDS = st.sampled_from(["MARIA", "MARTA", "GORETI", "GORETTI", "SERAN", "SARAN", "BERE", "YUSUF", "ANA", "FERNANDEZ"])
names = st.lists(WORDS, min_size=1, max_size=4).map(lambda ws: name_bytes(name_code(KEY, BORN, " ".join(ws))))


@given(known=st.lists(names, min_size=1, max_size=120), asked=names)
def test_the_index_of_names_finds_what_a_scan_finds(thresholds: None, known: list[bytes], asked: bytes) -> None:
    """No near name is missed and none is added, of few names and of many."""
    index: Names[int] = Names()
    for number, name in enumerate(known):
        index.add(name, number)
    wanted, rule = int.from_bytes(asked, "big"), POLICY.matching
    bits = [int.from_bytes(name, "big") for name in known]
    assert sorted(index.near(asked, rule)) == [n for n, b in enumerate(bits) if names_near(wanted, b, rule)]
    alike = [n for n, b in enumerate(bits) if dice_bits(wanted, b) >= rule.report_dice]
    assert sorted(index.alike(asked, rule.report_dice)) == alike


@given(st.text(max_size=90) | st.binary(min_size=64, max_size=64).map(lambda b: name_code_of(b)))
def test_a_name_code_is_read_as_its_treaty_says(code: str) -> None:
    assert name_bytes(code) == code_bits(code).to_bytes(NAME_BYTES, "big")


def name_code_of(raw: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(worlds)
def test_a_row_tells_what_the_event_told(world: list[Any]) -> None:
    """Nothing that a rule or a verdict asks for is lost in packing."""
    for a in admitted(*world):
        event = a.fact
        if isinstance(event, TransitEvent):
            c = Crossing(pack(event, a.digest, 7), event.block)
            for name in ("event_id", "province", "checkpoint_id", "direction", "mode", "birth_year", "nik_birth_year"):
                assert getattr(c, name) == getattr(event, name)
            for name in ("age_years", "sex", "nationality", "origin_region", "purpose", "destination_country"):
                assert getattr(c, name) == getattr(event, name)
            assert (c.to_place, c.from_place, c.service_no, c.officer_action) == (
                event.to_place,
                event.from_place,
                event.service_no,
                event.officer_action,
            )
            assert (c.at, c.at.utcoffset()) == (event.occurred_at, event.occurred_at.utcoffset())
            d = event.document
            assert (c.document_type, c.issued_on, c.expires_on) == (d.type, d.issued_on, d.expires_on)
            assert c.issue_office == d.issue_office
            assert tuple(c.identity_quality) == event.identity_quality
            assert c.name_bits == (code_bits(event.name_code) if event.name_code else 0)


def test_every_flag_that_a_rule_needs_is_known() -> None:
    assert rules_when(int(sum(When))) == tuple(r.judge for r in CATALOGUE)
    assert date(1998, 5, 17) == BORN


@given(worlds)
def test_a_verdict_made_without_checking_is_one_that_passes_the_check(world: list[Any]) -> None:
    book = Casebook(POLICY)
    book.replay(admitted(*world))
    for verdict in book.verdicts():
        checked = type(verdict).model_validate(verdict.model_dump())
        assert checked == verdict
        assert checked.model_dump_json() == verdict.model_dump_json()
        assert checked.model_fields_set - {"schema_version", "record"} == verdict.model_fields_set
