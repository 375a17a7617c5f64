"""The text of `lintas explain`: one verdict with its facts, its reasons and what would clear them; pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import prod
from typing import Any

from schemas.placing import local_time, place_name, region_name, stop_name, utc_time
from schemas.words import Words, words_of

WIDTH = 100
LABEL = 22

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that is known of one crossing and its verdict; rows have the names of the tables' columns."""

    crossing: Row
    verdict: Row | None
    """None while the crossing waits for it."""
    history: Sequence[Row] = ()
    departures: Sequence[Row] = ()
    others: Sequence[Row] = ()
    """Other crossings that the findings name."""
    reports: Sequence[str] = ()
    absences: Sequence[Row] = ()
    """Findings of what never came: they depend on now and are no part of the score."""
    reviews: Sequence[Row] = ()
    groups: Sequence[Row] = ()
    """Groups of travellers that the crossing belongs to."""
    published: int = 1
    """How often the crossing was published."""
    threshold: int | None = None
    """Of the policy that was applied; None = that policy is not at hand."""

    @property
    def findings(self) -> Sequence[Row]:
        """Of the newest verdict."""
        return () if self.verdict is None else self.verdict["findings"]

    @classmethod
    def of(cls, entry: Mapping[str, Any], threshold: int | None) -> Told:
        """From what `sinks.explaining.explain` gives for one event."""
        named = {"event_id": entry["event_id"], "province": entry["province"]}
        return cls(
            crossing={**(entry["assessment"] or {}), **_filled(entry["crossing"] or {}), **named},
            verdict=entry["assessment"],
            history=entry["history"],
            departures=entry["departures"],
            others=entry["crossings"],
            reports=entry["reports"],
            absences=entry.get("absences", ()),
            reviews=entry["reviews"],
            groups=entry.get("clusters", ()),
            published=entry["published"],
            threshold=threshold,
        )


@dataclass(slots=True)
class _Page:
    """Lines, wrapped."""

    words: Words
    lines: list[str] = field(default_factory=list)

    def title(self, text: str) -> None:
        self.lines += ["", text.upper(), ""]

    def pair(self, label: str, value: object) -> None:
        text = self.words.plain(value)
        if text:
            self.block(text, first=f"  {self.words.label(label):<{LABEL}}", rest=" " * (LABEL + 2))

    def block(self, text: str, *, first: str = "  ", rest: str = "  ") -> None:
        self.lines += textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest) or [first.rstrip()]

    def text(self) -> str:
        return "\n".join(self.lines).strip("\n") + "\n"


def explanation(told: Told, language: str) -> str:
    """The text, in Indonesian (`id`) or English (`en`)."""
    page = _Page(words_of(language))
    _head(page, told)
    _crossing(page, told)
    if told.verdict is not None:
        _findings(page, told.findings, language)
        if told.verdict.get("suppressed"):
            _findings(page, told.verdict["suppressed"], language, title="suppressed")
        if told.absences:
            _findings(page, told.absences, language, title="absences")
        _match(page, told.verdict)
        _facts(page, told)
        _missing(page, told.verdict)
        _history(page, told.history, told.verdict)
    _groups(page, told.groups, language)
    _reviews(page, told.reviews)
    return page.text()


def score_formula(findings: Iterable[Row], words: Words) -> str:
    """How the score comes about, with its numbers."""
    weights = [int(f["weight"]) for f in findings if int(f["weight"])]
    factors = " × ".join(f"(1 − {words.decimal(weight, 2)})" for weight in weights) or "1"
    rest = prod(100 - weight for weight in weights)
    score = f"{Decimal(100) * (1 - Decimal(rest) / 100 ** len(weights)):.2f}".rstrip("0").rstrip(".")
    return f"100 × (1 − {factors}) = {words.number(score)}"


def _filled(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in (None, "", [])}


def _head(page: _Page, told: Told) -> None:
    words, verdict = page.words, told.verdict
    page.lines.append(f"{told.crossing['province']}/{told.crossing['event_id']}")
    if verdict is None:
        page.block(words.text("no_verdict"), first="", rest="")
        return
    status = str(verdict.get("shown_status") or verdict["status"])
    page.lines.append(f"{words.status(status)}, {words.text('score')} {verdict['score']}")
    page.lines.append("")
    page.block(words.meaning(status), first="", rest="")
    limit = f"; {words.text('threshold')} {told.threshold}" if told.threshold is not None else ""
    if told.findings:
        page.block(f"{words.text('score')}: {score_formula(told.findings, words)}{limit}", first="", rest="       ")


def _crossing(page: _Page, told: Told) -> None:
    words, facts = page.words, told.crossing
    post = str(facts["checkpoint_id"])
    page.title(words.text("crossing"))
    page.pair("occurred_at", local_time(facts["occurred_at"], post))
    page.pair("checkpoint", place_name(post))
    page.pair("direction", words.value("direction", facts.get("direction")))
    page.pair("mode", words.value("mode", facts.get("mode")))
    page.pair("service", " ".join(str(facts[k]) for k in ("carrier", "service_no") if facts.get(k)))
    page.pair("route", " → ".join(stop_name(str(facts[k])) for k in ("from_place", "to_place") if facts.get(k)))
    page.pair("document", _document(words, facts))
    page.pair("traveller", _traveller(words, facts))
    page.pair("origin", region_name(facts.get("origin_region")))
    page.pair("purpose", words.value("purpose", facts.get("purpose")))
    target = [facts.get("destination_place"), facts.get("destination_country")]
    page.pair("destination", ", ".join(str(t) for t in target if t))
    page.pair("officer_action", words.value("officer_action", facts.get("officer_action")))
    page.pair("quality", ", ".join(words.value("quality", q) for q in facts.get("identity_quality") or ()))
    if told.published > 1:
        page.pair("published", words.text("times").format(told.published))


def _document(words: Words, facts: Row) -> str:
    told = [words.value("document", facts.get("document_type"))]
    office, issued, expires = (facts.get(f"document_{k}") for k in ("issue_office", "issued_on", "expires_on"))
    if office:
        told.append(f"{words.text('issued_at_office')} {office}")
    if issued:
        told.append(f"{words.text('issued_on')} {issued}")
    if expires:
        told.append(f"{words.text('valid_to')} {expires}")
    return ", ".join(told)


def _traveller(words: Words, facts: Row) -> str:
    age = facts.get("age_years")
    told = [words.value("sex", facts.get("sex")), words.text("years").format(age) if age is not None else ""]
    return ", ".join(part for part in (*told, str(facts.get("nationality") or "")) if part)


def _findings(page: _Page, findings: Sequence[Row], language: str, *, title: str = "findings") -> None:
    words = page.words
    page.title(words.text(title))
    if not findings:
        page.block(words.text("no_findings"))
    for number, finding in enumerate(findings):
        if number:
            page.lines.append("")
        head = f"{finding['rule']}@{finding['version']}"
        weight = words.text("weight").format(finding["weight"])
        page.block(f"{finding[f'sentence_{language}']}", first=f"  {head:<8}", rest=" " * 10)
        page.block(f"{weight}. {finding[f'clears_{language}']}", first=" " * 10, rest=" " * 10)
        evidence = ", ".join(str(e) for e in finding.get("evidence") or ())
        page.block(f"{words.text('evidence')}: {evidence or '-'}", first=" " * 10, rest=" " * 12)
        if finding.get("kind"):
            until = f", {words.text('valid_to')} {finding['until']}" if finding.get("until") else ""
            reason = f": {finding['reason']}" if finding.get("reason") else ""
            page.block(f"{words.text(finding['kind'])} ({finding['by']}{until}){reason}", first=" " * 10, rest=" " * 12)


def _match(page: _Page, verdict: Row) -> None:
    words = page.words
    page.title(words.text("match"))
    if not verdict.get("departure_id"):
        page.block(words.text("no_match"))
        return
    page.pair("departure", verdict["departure_id"])
    page.pair("tier", words.value("tier", verdict.get("tier")))
    scores = verdict.get("match") or {}
    if scores.get("name_dice") is not None:
        page.pair("name_dice", words.number(f"{float(scores['name_dice']):.3f}"))
    for name in ("same_sex", "same_origin", "same_birth_date"):
        if scores.get(name) is not None:
            page.pair(name, words.text("yes" if scores[name] else "no"))


def _facts(page: _Page, told: Told) -> None:
    words = page.words
    if told.departures:
        page.title(words.text("registrations"))
    for row in told.departures:
        page.block(_registration(words, row), first="  ", rest="    ")
    if told.others:
        page.title(words.text("others"))
    for row in told.others:
        post = str(row["checkpoint_id"])
        told_row = [local_time(row["occurred_at"], post), place_name(post), words.value("direction", row["direction"])]
        told_row += [words.value("purpose", row.get("purpose")), str(row.get("destination_country") or "")]
        name = f"{row['province']}/{row['event_id']}"
        page.block(f"{name}: {', '.join(part for part in told_row if part)}", first="  ", rest="    ")
    if told.reports:
        page.title(words.text("reports"))
        page.block(", ".join(told.reports))


def _registration(words: Words, row: Row) -> str:
    parts = [
        f"{row['departure_id']} r{row['revision']}: {words.value('event', row['event'])} {utc_time(row['issued_at'])} "
        f"({row['source']})",
        words.value("scheme", row.get("scheme")),
        words.value("sector", row.get("sector")),
        str(row.get("destination_country") or ""),
        _dated(words, "planned", row.get("planned_date")),
        _dated(words, "contract_from", row.get("valid_from")),
        _dated(words, "contract_to", row.get("valid_to")),
        f"P3MI {row['p3mi_licence']}" if row.get("p3mi_licence") else "",
    ]
    return "; ".join(part for part in parts if part)


def _dated(words: Words, label: str, day: str | None) -> str:
    return f"{words.text(label)} {day}" if day else ""


def _missing(page: _Page, verdict: Row) -> None:
    words = page.words
    missing = verdict.get("missing") or ()
    if missing:
        page.title(words.text("missing"))
        page.block("; ".join(_absent(words, name) for name in missing))


def _absent(words: Words, name: str) -> str:
    kind, _, source = name.partition(":")
    if kind == "watermark" and source:
        return words.text("report_of").format(source)
    return words.value("missing", name)


def _history(page: _Page, history: Sequence[Row], verdict: Row) -> None:
    words = page.words
    page.title(words.text("history"))
    for row in history:
        at = utc_time(row["assessed_at"], seconds=True)
        rules = ", ".join(row.get("rules") or ()) or "-"
        version = words.text("version").format(row["version"])
        page.block(f"{at}  {words.status(row['status'])}, {words.text('score')} {row['score']}, {rules} ({version})")
    page.block(f"{words.text('policy')} {verdict['policy']}")


def _groups(page: _Page, groups: Sequence[Row], language: str) -> None:
    if not groups:
        return
    words = page.words
    page.title(words.text("groups"))
    for row in groups:
        count = words.text("group_size").format(row["member_count"])
        if row["left_out"]:
            count += f"; {words.text('left_out').format(row['left_out'])}"
        page.block(f"{row['cluster_id']}: {words.status(row['status'])}, {words.text('score')} {row['score']}, {count}")
        for found in row["findings"]:
            page.block(
                f"{found['rule']}: {found[f'sentence_{language}']} {found[f'clears_{language}']}",
                first="    ",
                rest="      ",
            )
        for rule, _, reason in (one.partition(":") for one in row["suppressed"]):
            page.block(words.text("innocent").format(rule, reason), first="    ", rest="      ")


def _reviews(page: _Page, reviews: Sequence[Row]) -> None:
    if not reviews:
        return
    words = page.words
    page.title(words.text("reviews"))
    for row in reviews:
        at = utc_time(row["reviewed_at"])
        note = f": {row['note']}" if row.get("note") else ""
        what = words.value("review", row["verdict"]) or words.value("move", row.get("move"))
        page.block(f"{at}  {what}, {row['reviewer']}{note}", rest="    ")
