"""The rules, one small pure function each; importing this package fills the catalogue in a fixed order."""

from streams.rules import registration  # noqa: I001  the order here is the order of findings
from streams.rules import destination
from streams.rules import moratorium
from streams.rules import passport
from streams.rules import age
from streams.rules import identity
from streams.rules import movement
from streams.rules import report
from streams.rules import border_pass
from streams.rules import agency
from streams.rules import habits
from streams.rules import circumstances

__all__ = [
    "age", "agency", "border_pass", "circumstances", "destination", "habits", "identity", "moratorium", "movement",
    "passport", "registration", "report",
]  # fmt: skip
