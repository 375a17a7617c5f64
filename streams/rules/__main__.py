"""Writes docs/rules.md."""

from pathlib import Path

from streams.policy import shipped_policy
from streams.rules.describing import rules_document


def main() -> None:
    """Write the catalogue beside the other documents."""
    path = Path(__file__).parents[2] / "docs" / "rules.md"
    path.write_text(rules_document(shipped_policy()), encoding="utf-8")


if __name__ == "__main__":
    main()
