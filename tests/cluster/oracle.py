"""An independent judge: what every crossing's verdict must be in the end, from all facts at once, slow and simple.

It reads the records' JSON, the policy's YAML and the table of checkpoints, and shares no line with `streams`. It holds
for the facts of `tests.cluster.facts`: names are equal or strangers' (codes are compared for equality), ages and NIKs
fit (R10 and R11 never hold), and every departure stands in one block under one name.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
OFFICES = {"KANIM KUPANG": "53", "PAREPARE": "73", "BLITAR": "35"}
"""Province of the passport offices that the facts name."""
CLOCKS = {"Asia/Jakarta": 7, "Asia/Pontianak": 7, "Asia/Makassar": 8}
DAY = timedelta(days=1)

Fact = dict[str, Any]
Place = tuple[str, str]
"""Province and event_id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the last version of an assessment must say."""

    status: str
    rules: tuple[str, ...]
    departure_id: str | None
    tier: str | None
    score: int


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# ------------------------------------------------------------------------------------------ places


def _posts() -> dict[str, dict[str, str]]:
    with (ROOT / "schemas/reference/data/checkpoints.csv").open(encoding="utf-8", newline="") as file:
        return {row["checkpoint_id"]: row for row in csv.DictReader(file)}


POSTS = _posts()


def local_day(event: Fact) -> date:
    return (moment(event["occurred_at"]) + timedelta(hours=CLOCKS[POSTS[event["checkpoint_id"]]["tz"]])).date()


def kilometres(here: str, there: str) -> float:
    lat1, lon1, lat2, lon2 = (radians(float(POSTS[p][c])) for p in (here, there) for c in ("lat", "lon"))
    a = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(a))


# ------------------------------------------------------------------------------------------ people and registrations


def numbers(event: Fact) -> set[str]:
    """The document numbers that a traveller showed."""
    return {t for t in (event["document"].get("token"), event.get("nik_token")) if t}


def opposite(a: str | None, b: str | None) -> bool:
    return {a, b} == {"F", "M"}


class Registered:
    """All revisions of one departure: a later one wins, field by field, where it knows the field."""

    def __init__(self, revisions: list[Fact]) -> None:
        self.revisions = sorted(revisions, key=lambda r: r["revision"])
        self.id = self.revisions[0]["departure_id"]
        self.first = moment(self.revisions[0]["issued_at"])
        newest = self.revisions[-1]
        self.cancelled = moment(newest["issued_at"]) if newest["event"] == "cancelled" else None
        self.passports = {r["passport_token"] for r in self.revisions if r.get("passport_token")}
        self.passports |= {t for r in self.revisions for t in r.get("previous_passport_tokens", ())}
        self.niks = {r["nik_token"] for r in self.revisions if r.get("nik_token")}
        self.names = {r["name_code"] for r in self.revisions if r.get("name_code")}
        self.papers = {k: v for r in self.revisions for k, v in r.get("readiness", {}).items()}

    @property
    def numbers(self) -> set[str]:
        return self.passports | self.niks

    def __getitem__(self, field: str) -> Any:
        known = [r[field] for r in self.revisions if r.get(field) is not None]
        return known[-1] if known else None

    def same_worker(self, other: Registered) -> bool:
        """By a common number; else two NIKs are two people, and one name in one block is one."""
        if self.numbers & other.numbers:
            return True
        return not (self.niks and other.niks) and bool(self.names & other.names)


def tier_of(event: Fact, registration: Registered) -> str | None:
    """How a registration is the traveller's: a number that it was made under, or name and birth date."""
    document, nik = event["document"].get("token"), event.get("nik_token")
    stranger = event["name_code"] not in registration.names
    if {document, nik} & registration.niks or document in registration.passports:
        if stranger and len(numbers(event) & registration.numbers) < 2:
            return None
        return "passport" if document in registration.passports else "nik"
    return None if stranger or opposite(event.get("sex"), registration["sex"]) else "name"


def same_person(a: Fact, b: Fact) -> bool:
    niks = {n for n in (a.get("nik_token"), b.get("nik_token")) if n}
    if len(niks) == 2:
        return False
    one_name = bool(a["name_code"] == b["name_code"])
    if numbers(a) & numbers(b):
        return one_name or len(numbers(a) & numbers(b)) == 2
    return one_name and not opposite(a.get("sex"), b.get("sex"))


def recognised(event: Fact, report: Fact) -> bool:
    document, nik = event["document"].get("token"), event.get("nik_token")
    wanted = {report.get("passport_token"), report.get("nik_token")} - {None}
    if document in wanted or (nik is not None and nik == report.get("nik_token")):
        return True
    if nik and report.get("nik_token"):
        return False
    return bool(report.get("name_code") == event["name_code"]) and not opposite(event.get("sex"), report.get("sex"))


# ------------------------------------------------------------------------------------------ the judge


class Oracle:
    """The final verdicts from all facts, in whatever order and number they are given."""

    def __init__(self, values: Iterable[bytes], policy_file: Path = ROOT / "streams/policies/ntt.yaml") -> None:
        self.policy = yaml.safe_load(policy_file.read_text(encoding="utf-8"))
        self.crossings: dict[str, list[Fact]] = defaultdict(list)
        self.registered: dict[str, list[Registered]] = defaultdict(list)
        self.reports: dict[str, list[Fact]] = defaultdict(list)
        self.wide_reports: dict[str, list[Fact]] = defaultdict(list)
        """Those without a birth date, by each number that they name."""
        marks: dict[str, datetime] = {}
        revisions: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for fact in map(json.loads, sorted(set(values))):
            kind = fact["record"]
            if kind == "transit_event":
                self.crossings[fact["block"]].append(fact)
            elif kind == "departure":
                revisions[fact["block"], fact["departure_id"]].append(fact)
            elif kind == "community_report":
                if fact.get("block"):
                    self.reports[fact["block"]].append(fact)
                for number in {fact.get("passport_token"), fact.get("nik_token")} - {None}:
                    self.wide_reports[number] += [] if fact.get("block") else [fact]
            else:
                up_to = moment(fact["complete_up_to"])
                marks[fact["source"]] = max(up_to, marks.get(fact["source"], up_to))
        for (block, _), known in revisions.items():
            self.registered[block].append(Registered(known))
        needed = [marks.get(source) for source in self.policy["registries"]]
        self.complete_up_to = min((m for m in needed if m), default=None) if all(needed) else None

    def verdicts(self) -> dict[Place, Verdict]:
        return {
            (event["province"], event["event_id"]): Question(self, block, event).verdict()
            for block, events in self.crossings.items()
            for event in events
        }


class Question:
    """One crossing before the judge."""

    def __init__(self, oracle: Oracle, block: str, event: Fact) -> None:
        self.policy: Mapping[str, Any] = oracle.policy
        self.event, self.at, self.day = event, moment(event["occurred_at"]), local_day(event)
        self.others = [o for o in oracle.crossings[block] if o is not event]
        self.reports = oracle.reports[block] + [r for t in numbers(event) for r in oracle.wide_reports[t]]
        self.leaving = event["direction"] == "out" and event.get("nationality") in (None, "IDN", "XXX")
        mark = oracle.complete_up_to
        grace = timedelta(hours=self.policy["grace_hours"])
        self.absence_confirmed = mark is not None and mark >= self.at + grace
        self.covering: tuple[str, Registered] | None = None
        self.late: tuple[str, Registered] | None = None
        self.lapsed: tuple[str, Registered] | None = None
        self.ambiguous = False
        self.document_of_another = False
        if self.leaving:
            self.find_registration(oracle.registered[block])
        self.origin = self.origin_province()
        scope = self.policy["scope"]
        self.from_scope = self.origin in scope["origin_provinces"]
        self.in_scope = (
            self.leaving
            and self.from_scope
            and (event.get("purpose") or "unknown") in scope["purposes"]
            and event["document"]["type"] not in scope["exempt_documents"]
        )

    def find_registration(self, registrations: list[Registered]) -> None:
        found = [(tier, r) for r in registrations if (tier := tier_of(self.event, r))]
        theirs = [r for _, r in found]
        self.document_of_another = any(numbers(self.event) & r.numbers for r in registrations if r not in theirs)
        sure = [r for tier, r in found if tier != "name"]
        if not sure and any(not a.same_worker(b) for a in theirs for b in theirs):
            self.ambiguous = True
            return
        if sure:
            found = [(tier, r) for tier, r in found if tier != "name" or any(r.same_worker(s) for s in sure)]
        self.covering = self.nearest([(t, r) for t, r in found if self.is_covered_by(r)])
        self.late = self.nearest([(t, r) for t, r in found if self.is_late(r)])
        self.lapsed = self.nearest([(t, r) for t, r in found if r.first <= self.at and not self.is_covered_by(r)])

    def nearest(self, found: list[tuple[str, Registered]]) -> tuple[str, Registered] | None:
        def rank(candidate: tuple[str, Registered]) -> tuple[int, int, str]:
            tier, registration = candidate
            planned = day(registration["planned_date"])
            off = abs((planned - self.day).days) if planned else 10_000
            return ("passport", "nik", "name").index(tier), off, registration.id

        return min(found, key=rank, default=None)

    def is_late(self, r: Registered) -> bool:
        last = self.at + timedelta(days=self.policy["cover"]["late_days"])
        return self.at < r.first <= last and r.cancelled is None

    def is_covered_by(self, r: Registered) -> bool:
        if r.first > self.at or (r.cancelled is not None and r.cancelled <= self.at):
            return False
        cover = self.policy["cover"]
        planned, start, end = day(r["planned_date"]), day(r["valid_from"]), day(r["valid_to"])
        before, after = cover["planned_before_days"] * DAY, cover["planned_after_days"] * DAY
        if planned and planned - before <= self.day <= planned + after:
            return True
        if start:
            end = end or start + cover["open_contract_days"] * DAY
            return start - cover["contract_lead_days"] * DAY <= self.day <= end
        if end:
            return self.day <= end
        return planned is None and self.at <= r.first + timedelta(days=cover["undated_days"])

    def origin_province(self) -> str | None:
        if self.event.get("origin_region"):
            return str(self.event["origin_region"][:2])
        found = self.covering or self.late or self.lapsed
        if found and found[1]["origin_region"]:
            return str(found[1]["origin_region"][:2])
        document = self.event["document"]
        return OFFICES.get(document.get("issue_office", "")) if document["type"] == "passport" else None

    # -------------------------------------------------------------------------------------- the rules

    def verdict(self) -> Verdict:
        weights: list[str] = [
            key
            for key, holds in {
                **self.registration_rules(),
                **self.registered_for_something_else(),
                **self.passport_rules(),
                **self.history_rules(),
                **self.border_pass_rules(),
                **self.habit_rules(),
                **self.calendar_rules(),
                "R25": any(recognised(self.event, r) for r in self.reports),
            }.items()
            if holds
        ]
        if self.is_explained({key.split(".")[0] for key in weights}):
            weights = []
        score, rest = 0, 100 ** len(weights)
        for key in weights:
            rest = rest * (100 - self.policy["weights"][key]) // 100
        score = (100 ** len(weights) - rest) * 100 // 100 ** len(weights) if weights else 0
        rules = tuple(sorted(key.split(".")[0] for key in weights))
        return Verdict(
            status=self.status(score),
            rules=rules,
            departure_id=self.covering[1].id if self.covering else None,
            tier=self.covering[0] if self.covering else None,
            score=score,
        )

    def is_explained(self, rules: set[str]) -> bool:
        """Whether the traveller's situation explains all that was found."""
        aside, event = self.policy["suppressions"], self.event
        if self.covering and rules <= set(aside["running_contract"]):
            r = self.covering[1]
            start, end, planned = day(r["valid_from"]), day(r["valid_to"]), day(r["planned_date"])
            after = self.policy["cover"]["planned_after_days"] * DAY
            if start and start <= self.day and (not end or self.day <= end) and self.day > (planned or start) + after:
                return True
        post = POSTS[event["checkpoint_id"]]
        here = (event.get("origin_region") or "")[:4] == post["regency_code"]
        takes = "plb" in post["docs"].split("|")
        return rules <= set(aside["border_pass_resident"]) and event["document"]["type"] == "plb" and here and takes

    def status(self, score: int) -> str:
        if score >= self.policy["review_threshold"]:
            return "FLAGGED"
        if self.covering:
            return "MATCHED"
        if not self.in_scope:
            return "OUT_OF_SCOPE"
        return "UNREGISTERED" if self.late or self.absence_confirmed else "PENDING"

    def registration_rules(self) -> dict[str, bool]:
        absent = self.in_scope and self.absence_confirmed and not (self.covering or self.late or self.ambiguous)
        cancelled = self.lapsed is not None and self.lapsed[1].cancelled is not None
        cancelled = cancelled and self.lapsed is not None and (self.lapsed[1].cancelled or self.at) <= self.at
        return {
            "R01": absent and not cancelled,
            "R01.cancelled": absent and cancelled,
            "R26": self.in_scope and self.late is not None and self.covering is None,
            "R27": self.ambiguous,
        }

    def registered_for_something_else(self) -> dict[str, bool]:
        if self.covering is None:
            return {}
        r, event = self.covering[1], self.event
        countries = {event.get("destination_country"), r["destination_country"]} - {None}
        elsewhere = len(countries) == 2
        exits = {POSTS[p]["regency_code"] for p in (event["checkpoint_id"], r["checkpoint_id"]) if p}
        other_exit = len(exits) == 2 and event.get("purpose") != "return_to_work"
        origin = (r["origin_region"] or self.origin or "")[:2]
        stopped = any(
            self.day >= m["from"]
            and (not m["until"] or self.day <= m["until"])
            and origin in m["origin_provinces"]
            and r["sector"] in m["sectors"]
            and not any(r.papers.get(paper) for paper in m["lifted_by"])
            for m in self.policy["moratoria"]
        )
        return {
            "R02.destination": elsewhere,
            "R02.exit_point": other_exit and not elsewhere,
            "R03": stopped,
            "R21": not all(r.papers.get(paper) for paper in self.policy["required_papers"]),
        }

    def passport_rules(self) -> dict[str, bool]:
        document, times = self.event["document"], self.policy["passport"]
        issued = day(document.get("issued_on"))
        if document["type"] != "passport" or issued is None or issued > self.day or not self.leaving:
            return {}
        age = (self.day - issued).days
        office = OFFICES.get(document.get("issue_office", ""))
        used = [o for o in self.others if o["document"].get("token") == document["token"]]
        earlier = [o for o in used if self.order(o) < self.order(self.event)]
        return {
            "R08": self.from_scope and age <= times["recent_days"] and office is not None and office != self.origin,
            "R09": self.from_scope and age <= times["new_days"] and not earlier,
        }

    def habit_rules(self) -> dict[str, bool]:
        """Stays in a row; the facts have no places, licences or tourists for R04, R17 and R20."""
        visits, times = self.policy["visits"], 0
        known = [o for o in self.others if numbers(o) & numbers(self.event) and same_person(self.event, o)]
        known = [o for o in known if o["direction"] != "domestic" and not self.is_held_back(o)]
        since = self.at - visits["within_days"] * DAY
        known = sorted((o for o in known if since <= moment(o["occurred_at"]) < self.at), key=self.order)
        leaves = self.at
        while len(known) > 1 and (known[-2]["direction"], known[-1]["direction"]) == ("out", "in"):
            went, came = (moment(o["occurred_at"]) for o in known[-2:])
            long = visits["least_stay_days"] * DAY <= came - went <= visits["most_stay_days"] * DAY
            if self.is_sent_home(known[-1]) or not long or leaves - came > visits["home_days"] * DAY:
                break
            known, leaves, times = known[:-2], went, times + 1
        return {"R13": self.leaving and self.covering is None and times >= visits["times"]}

    def calendar_rules(self) -> dict[str, bool]:
        calendar, post = self.policy["calendar"], POSTS[self.event["checkpoint_id"]]
        calls = {
            (weekday + after - 1) % 7
            for call in calendar["ship_calls"]
            if call["checkpoint_id"] == post["checkpoint_id"]
            for weekday in call["weekdays"]
            for after in range(1, calendar["days_after_call"] + 1)
        }
        feasts = [f["ends"] for f in calendar["feasts"]]
        feast = any(end < self.day <= end + calendar["days_after_feast"] * DAY for end in feasts)
        hour = (self.at + timedelta(hours=CLOCKS[post["tz"]])).hour
        night = not calendar["day_begins_hour"] <= hour < calendar["day_ends_hour"]
        return {
            "R23": self.in_scope
            and self.absence_confirmed
            and self.covering is None
            and (self.day.weekday() in calls or feast or night),
        }

    def border_pass_rules(self) -> dict[str, bool]:
        taken, shown = POSTS[self.event["checkpoint_id"]]["docs"].split("|"), self.event["document"]["type"]
        return {"R15.border_pass": self.leaving and shown == "plb" and "plb" not in taken}

    @staticmethod
    def order(event: Fact) -> tuple[datetime, str]:
        return moment(event["occurred_at"]), f"{event['province']}/{event['event_id']}"

    def history_rules(self) -> dict[str, bool]:
        times = self.policy["passport"]
        sharing = [o for o in self.others if numbers(o) & numbers(self.event)]
        again = self.leaving and self.covering is None
        return {
            "R12.two_people": self.document_of_another
            or any(
                o["name_code"] != self.event["name_code"] and len(numbers(o) & numbers(self.event)) < 2 for o in sharing
            ),
            "R12.travel": any(self.too_fast(o) and same_person(self.event, o) for o in sharing),
            "R16": again
            and any(self.is_sent_home(o) and self.follows(o, times["deportation_days"]) for o in self.others),
            "R28": again and any(self.is_stopped(o) and self.follows(o, times["refusal_days"]) for o in self.others),
        }

    def too_fast(self, other: Fact) -> bool:
        apart = abs(moment(other["occurred_at"]) - self.at)
        far = kilometres(self.event["checkpoint_id"], other["checkpoint_id"])
        travel = self.policy["travel"]
        return (
            apart <= DAY and far >= travel["min_distance_km"] and apart < timedelta(hours=far / travel["max_speed_kmh"])
        )

    def follows(self, earlier: Fact, days: int) -> bool:
        at = moment(earlier["occurred_at"])
        return at < self.at <= at + timedelta(days=days) and same_person(earlier, self.event)

    def is_sent_home(self, other: Fact) -> bool:
        return other["direction"] == "in" and (
            other["document"]["type"] == "splp"
            or other.get("purpose") == "deportation"
            or other.get("officer_action") == "returned"
        )

    @staticmethod
    def is_held_back(other: Fact) -> bool:
        stopped = other.get("officer_action") in ("refused", "postponed", "returned")
        return stopped and other["direction"] != "in"

    def is_stopped(self, other: Fact) -> bool:
        return self.is_held_back(other) and other["checkpoint_id"] != self.event["checkpoint_id"]
