"""Planted cases about patterns of travel: wrong posts, agencies, repeated stays, chains, pretexts and the calendar."""

from __future__ import annotations

from producers.journeys.casting import Case, Stage


def wrong_post(stage: Stage) -> None:
    """A passport at a post for border passes, or a border pass at a ferry terminal; beside it each where it belongs."""
    passport, pass_post = stage.rng.choice(("ID-65-LBG", "ID-65-SBT", "ID-65-LMD")), "ID-21-BTC"
    person, twin = stage.worker(), stage.worker()
    wrong = passport if stage.number % 2 else pass_post
    right = "ID-65-NNT" if stage.number % 2 else "ID-65-SBT"
    document = "passport" if stage.number % 2 else "plb"
    seen = stage.out(person, wrong, document=document, purpose="family")
    stage.planted(seen, "R15", "OUT_OF_SCOPE")
    stage.innocent(stage.out(twin, right, document=document, purpose="family"), "family_visit", seen)


CASES = (Case(name="wrong_post", plant=wrong_post),)
