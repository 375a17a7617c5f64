"""docs/rules.md and the schema of the policy file say what the code does."""

import json
from pathlib import Path

from streams import rules as rules
from streams.policy import policy_schema, shipped_policy
from streams.rules.describing import rules_document


def test_the_catalogue_is_up_to_date() -> None:
    """`make generate` was run after the last change of a rule, a weight or a source."""
    path = Path(__file__).parents[2] / "docs" / "rules.md"
    assert path.read_text() == rules_document(shipped_policy())


def test_the_json_schema_of_the_policy_file_equals_the_model() -> None:
    """`make generate` was run after the last change of the policy's form."""
    path = Path(__file__).parents[2] / "streams" / "policies" / "policy.schema.json"
    assert json.loads(path.read_text()) == policy_schema()
