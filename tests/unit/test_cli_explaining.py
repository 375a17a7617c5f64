"""The text of `explain`: what an analyst reads, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lintas.explaining import Told, explanation
from schemas.vocabulary import Direction, DocumentType, OfficerAction, Purpose, Quality, ReviewVerdict, Status, Tier
from schemas.words import VALUES

GOLDEN = Path(__file__).parents[1] / "golden" / "v1"


def entry(**changes: Any) -> dict[str, Any]:
    verdict = json.loads((GOLDEN / "assessment-flagged.json").read_text(encoding="utf-8"))
    verdict |= {"shown_status": verdict["status"], "rules": [f["rule"] for f in verdict["findings"]], "version": 7}
    history = [
        {"version": 3, "assessed_at": "2026-03-02T02:00:01+00:00", "status": "PENDING", "score": 0, "rules": []},
        {"version": 7, "assessed_at": "2026-03-06T00:00:01+00:00", "status": "FLAGGED", "score": 55, "rules": ["R01"]},
    ]
    base: dict[str, Any] = {
        "event_id": "e1", "province": "kepri", "assessment": verdict, "history": history, "crossing": None,
        "published": 1, "departures": [], "crossings": [], "reports": [], "reviews": [],
    }  # fmt: skip
    return base | changes


def test_it_says_what_was_found_what_would_clear_it_and_how_the_score_comes_about() -> None:
    text = explanation(Told.of(entry(), 50), "id")
    assert text.startswith("kepri/e1\nPERLU DITINJAU (FLAGGED), skor 55\n")
    assert "Ini bukan tuduhan" in " ".join(text.split())
    assert "100 × (1 − (1 − 0,25) × (1 − 0,25) × (1 − 0,20)) = 55; ambang tinjau 50" in text
    for finding in entry()["assessment"]["findings"]:
        assert f"{finding['rule']}@{finding['version']}" in text
        assert finding["sentence_id"] in " ".join(text.split())
        assert finding["clears_id"] in " ".join(text.split())
    assert "watermark:SISKOP2MI" in text
    assert "2efab6d346819280" in text
    assert text.index("(versi 3)") < text.index("(versi 7)")
    assert "09:00 WIB" in text


def test_english_is_english_throughout() -> None:
    text = explanation(Told.of(entry(), 50), "en")
    assert "= 55; review threshold 50" in text
    assert "(1 − 0.25)" in text
    assert "no accusation" in " ".join(text.split())
    assert "skor" not in text


def test_facts_and_reviews_are_told() -> None:
    departure = {
        "departure_id": "D-1", "revision": 2, "event": "cancelled", "issued_at": "2026-02-01T00:00:00+00:00",
        "source": "LTSA", "scheme": "PtoP", "sector": "plantation", "destination_country": "MY",
        "planned_date": "2026-03-01", "valid_from": None, "valid_to": None, "p3mi_licence": "",
    }  # fmt: skip
    review = {"reviewed_at": "2026-03-07T01:00:00+00:00", "verdict": "referred", "reviewer": "ana", "note": "[x]"}
    told = Told.of(entry(departures=[departure], reviews=[review], reports=["SAGA-1"], published=2), None)
    text = explanation(told, "id")
    assert "D-1 r2: dibatalkan 2026-02-01 00:00 UTC (LTSA); PtoP; perkebunan; MY; rencana berangkat 2026-03-01" in text
    assert "dirujuk, ana: [x]" in text
    assert "SAGA-1" in text
    assert "2 kali" in text


def test_a_crossing_without_a_verdict_is_told_as_such() -> None:
    crossing = {"checkpoint_id": "ID-21-BTC", "occurred_at": "2026-03-02T02:00:00+00:00", "direction": "out"}
    text = explanation(Told.of(entry(assessment=None, history=[], crossing=crossing), None), "id")
    assert "belum dinilai" in text
    assert "Batam" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("direction", Direction),
        ("document", DocumentType),
        ("purpose", Purpose),
        ("officer_action", OfficerAction),
        ("quality", Quality),
        ("review", ReviewVerdict),
        ("tier", Tier),
    ],
)
def test_every_word_of_the_vocabulary_has_both_languages(kind: str, words: Any) -> None:
    assert {word.value for word in words} == set(VALUES[kind])


def test_every_status_has_its_words() -> None:
    for status in Status:
        verdict = entry()["assessment"] | {"status": status.value, "shown_status": status.value}
        text = explanation(Told.of(entry(assessment=verdict), 50), "id")
        assert status.value in text.splitlines()[1]
