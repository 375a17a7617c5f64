"""Who may do what: the six roles and their rights."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is here for."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    SUPERVISOR = "supervisor"
    PROVINCE_OFFICER = "province_officer"
    AUDITOR = "auditor"
    REPORT_EDITOR = "report_editor"


class Right(StrEnum):
    """What a page or an action asks for."""

    FLAGS = "flags"
    """Lists of flags and the search."""
    PERSON = "person"
    """The page of one flag and the timeline of one person: read with a purpose, and audited."""
    REVIEW = "review"
    ASSIGN = "assign"
    """Give a flag to somebody else."""
    FIGURES = "figures"
    """Counts without persons: rules, accounting, indicators."""
    FEEDS = "feeds"
    EXPORT = "export"
    AUDIT = "audit"


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Right.FLAGS, Right.FIGURES, Right.FEEDS}),
        Role.ANALYST: frozenset({Right.FLAGS, Right.PERSON, Right.REVIEW, Right.FIGURES, Right.FEEDS, Right.EXPORT}),
        Role.SUPERVISOR: frozenset(
            {Right.FLAGS, Right.PERSON, Right.REVIEW, Right.ASSIGN, Right.FIGURES, Right.FEEDS, Right.EXPORT}
        ),
        Role.PROVINCE_OFFICER: frozenset({Right.FLAGS, Right.PERSON, Right.FIGURES, Right.FEEDS, Right.EXPORT}),
        Role.AUDITOR: frozenset({Right.FIGURES, Right.FEEDS, Right.EXPORT, Right.AUDIT}),
        Role.REPORT_EDITOR: frozenset({Right.FIGURES, Right.EXPORT}),
    }
)
"""A province officer's rights end at the border of the province; that is the query's part: see `Visitor.province`."""
