"""The rules for groups; importing this package fills their catalogue in a fixed order."""

from streams.clusters.rules import company  # noqa: I001  the order here is the order of findings
from streams.clusters.rules import buying
from streams.clusters.rules import minors
from streams.clusters.rules import documents

__all__ = ["buying", "company", "documents", "minors"]
