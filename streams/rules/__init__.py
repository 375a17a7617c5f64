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

__all__ = [
    "age",
    "border_pass",
    "destination",
    "identity",
    "moratorium",
    "movement",
    "passport",
    "registration",
    "report",
]
