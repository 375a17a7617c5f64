"""Writes docs/rules.md and the JSON Schema of the policy file."""

import json
from pathlib import Path

from streams.policy import policy_schema, shipped_policy
from streams.rules.describing import rules_document


def main() -> None:
    """Write the catalogue beside the other documents, and the schema beside the policy."""
    root = Path(__file__).parents[2]
    (root / "docs" / "rules.md").write_text(rules_document(shipped_policy()), encoding="utf-8")
    schema = json.dumps(policy_schema(), indent=2) + "\n"
    (root / "streams" / "policies" / "policy.schema.json").write_text(schema, encoding="utf-8")


if __name__ == "__main__":
    main()
