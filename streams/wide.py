"""The facts without a birth date: they went to every lane, and are found by document numbers alone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from schemas.records import CommunityReport, Departure
from streams.merging import Registration, Report, Revision, registration_of


class Wide:
    """Registrations and reports that stand in no block."""

    __slots__ = ("_ids_by_token", "reports", "revisions")

    def __init__(self) -> None:
        self.revisions: dict[str, dict[bytes, Revision]] = {}
        """By departure id and digest."""
        self._ids_by_token: dict[bytes, set[str]] = {}
        self.reports: dict[bytes, dict[tuple[str, bytes], Report]] = {}
        """By each document number they name."""

    def add_revision(self, revision: Revision, tokens: Iterable[bytes]) -> None:
        """Take a revision in; `tokens`: every number its registration is known under."""
        key = revision.departure.departure_id
        self.revisions.setdefault(key, {})[revision.digest] = revision
        for token in tokens:
            self._ids_by_token.setdefault(token, set()).add(key)

    def holds(self, report: Report) -> bool:
        """Whether a report is known under all its document numbers."""
        return all(report.key in self.reports.get(token, ()) for token in report.tokens)

    def add_report(self, report: Report) -> None:
        """Take a report in."""
        for token in report.tokens:
            self.reports.setdefault(token, {})[report.key] = report

    def registrations_under(self, tokens: Iterable[bytes], but: Container[str]) -> list[Registration]:
        """The registrations under any of the document numbers, except those of these departure ids."""
        keys = {key for token in tokens for key in self._ids_by_token.get(token, ())}
        return [registration_of(self.revisions[key].values()) for key in keys if key not in but]

    def reports_under(self, tokens: Iterable[bytes]) -> list[Report]:
        """The reports that name any of the document numbers."""
        return [report for token in tokens for report in self.reports.get(token, {}).values()]

    def facts(self) -> Iterator[tuple[Departure | CommunityReport, bytes]]:
        """All of them with their digests, each once."""
        for known in self.revisions.values():
            yield from ((r.departure, r.digest) for r in known.values())
        reports = {r.key: r for known in self.reports.values() for r in known.values()}
        yield from ((r.report, r.digest) for r in reports.values())
