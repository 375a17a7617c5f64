"""Writes the generated schema documents into `schemas/generated`."""

from pathlib import Path

from schemas.exporting import documents


def main() -> None:
    """Write every document; the drift test compares them with the models."""
    folder = Path(__file__).parent / "generated"
    folder.mkdir(exist_ok=True)
    for name, content in documents().items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
