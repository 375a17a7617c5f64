"""docs/rules.md says what the code does."""

from pathlib import Path

from streams import rules as rules
from streams.policy import shipped_policy
from streams.rules.describing import rules_document


def test_the_catalogue_is_up_to_date() -> None:
    """`make generate` was run after the last change of a rule, a weight or a source."""
    path = Path(__file__).parents[2] / "docs" / "rules.md"
    assert path.read_text() == rules_document(shipped_policy())
