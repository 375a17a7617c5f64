"""The four kinds of files that partners hand in: their columns, in the words of the documentation."""

from __future__ import annotations

from dataclasses import dataclass, field

OWN_COLUMNS = frozenset({"line", "reason", "message", "raw"})
"""What Lintas adds to a refused file; ignored without a word, so that a mended one can be published again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """One kind of file."""

    name: str
    columns: tuple[str, ...]
    required: tuple[tuple[str, ...], ...]
    """One of each choice must be in the header."""
    dates: frozenset[str] = frozenset()
    """Columns where an XLSX file may have date cells."""
    closed: bool = False
    """Whether an unknown column refuses the whole file."""
    column_set: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "column_set", frozenset(self.columns))

    def knows(self, name: str) -> bool:
        """Whether a column may stand in the file without a warning."""
        return name in self.column_set or name in OWN_COLUMNS


CROSSINGS = FileKind(
    name="crossings",
    columns=(
        "event_id", "checkpoint_id", "device_id", "sequence", "occurred_at", "direction", "mode", "carrier",
        "service_no", "from_place", "to_place", "document_type", "document_number", "issue_office", "issued_on",
        "expires_on", "mrz", "nik", "kk", "name", "birth_date", "sex", "nationality", "purpose",
        "destination_country", "destination_place", "payer", "booking", "party", "officer_action",
    ),
    required=(("checkpoint_id",), ("occurred_at",), ("direction",), ("name", "document_number", "mrz")),
    dates=frozenset({"issued_on", "expires_on", "birth_date"}),
)  # fmt: skip

DEPARTURES = FileKind(
    name="departures",
    columns=(
        "departure_id", "revision", "event", "source", "name", "birth_date", "sex", "nik", "passport",
        "previous_passports", "origin_region", "scheme", "p3mi_licence", "p3mi_valid_to", "sector", "employer_type",
        "destination_country", "planned_date", "valid_from", "valid_to", "checkpoint_id", "mode", "certificate",
        "training_institution", "opp", "health", "insurance", "permission", "visa", "ltsa_office", "issued_at",
    ),
    required=(("departure_id",), ("event",), ("source",), ("name",), ("issued_at",)),
    dates=frozenset(
        {
            "birth_date", "p3mi_valid_to", "planned_date", "valid_from", "valid_to",
            "certificate", "opp", "health", "insurance", "permission", "visa",
        }
    ),
)  # fmt: skip

HEARTBEATS = FileKind(
    name="heartbeats",
    columns=("source", "complete_up_to"),
    required=(("source",), ("complete_up_to",)),
)

REPORTS = FileKind(
    name="reports",
    columns=(
        "case_id", "reported_at", "kind", "passport", "nik", "name", "birth_date", "sex", "origin_region",
        "checkpoint_id", "destination_country",
    ),
    required=(("case_id",), ("reported_at",), ("name", "passport", "nik")),
    dates=frozenset({"birth_date"}),
    closed=True,
)  # fmt: skip

KINDS: dict[str, FileKind] = {kind.name: kind for kind in (CROSSINGS, DEPARTURES, HEARTBEATS, REPORTS)}
"""By the word of the command line."""
