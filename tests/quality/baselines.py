"""What matchers that see every name reach on the same pairs: exact, Jaro-Winkler, and Fellegi-Sunter (splink)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import JaroWinkler

from tests.quality.pairs import Pair, Score

JARO_WINKLER = 0.9
MAX_LOSS = 0.01
"""Of F1, against the best that sees plain names."""
Side = dict[str, str]


def f1(score: Score) -> float:
    """The harmonic mean of recall and precision."""
    both = score.recall + score.precision
    return 2 * score.recall * score.precision / both if both else 0.0


def exact(pair: Pair) -> bool:
    """The NIK decides where both show one; else the passport, else name, birth date and sex, to the letter."""
    return _plain(pair, lambda a, b: float(a == b), one_number=0.0)


def jaro_winkler(pair: Pair) -> bool:
    """As exact, but names need only be 0.9 alike in some order of words, and two names under one passport 0.6."""
    return _plain(pair, _alike, one_number=0.6)


def _alike(a: str, b: str) -> float:
    sorted_a, sorted_b = " ".join(sorted(a.split())), " ".join(sorted(b.split()))
    return max(JaroWinkler.similarity(a, b), JaroWinkler.similarity(sorted_a, sorted_b))


def _plain(pair: Pair, alike: Callable[[str, str], float], *, one_number: float) -> bool:
    registered, seen = pair.raw["departure"], pair.raw["crossing"]
    if seen["nik"] and registered["nik"]:
        return bool(seen["nik"] == registered["nik"])
    likeness = alike(registered["name"], seen["name"])
    if seen["passport"] and seen["passport"] in (registered["passport"], *registered["previous_passports"].split(";")):
        return likeness >= one_number
    same = registered["birth_date"] == seen["birth_date"] and registered["sex"] == seen["sex"]
    return same and likeness >= JARO_WINKLER


def decided(pairs: Iterable[Pair], says: Callable[[Pair], bool]) -> Score:
    """Recall and precision of a decision on each pair."""
    return score_of((pair.same, says(pair)) for pair in pairs)


def score_of(judged: Iterable[tuple[bool, bool]]) -> Score:
    """Recall and precision of (one person, matched)."""
    every = list(judged)
    return Score(
        same=sum(same for same, _ in every),
        found=sum(same and matched for same, matched in every),
        matched=sum(matched for _, matched in every),
        wrong=sum(matched and not same for same, matched in every),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """splink's match weight of each pair."""

    weights: dict[str, float]

    def at(self, pairs: Iterable[Pair], threshold: float) -> Score:
        """Recall and precision when every pair of at least that weight is a match."""
        return score_of((p.same, self.weights.get(p.pair_id, -99.0) >= threshold) for p in pairs)

    def best_threshold(self, pairs: Sequence[Pair]) -> float:
        """The threshold of the best F1; to be looked for on tuning pairs only."""
        return max((t / 2 for t in range(-20, 60)), key=lambda t: f1(self.at(pairs, t)))


def splink(pairs: Sequence[Pair], seed: int) -> Weighed:
    """Weigh each pair by a Fellegi-Sunter model that splink fits to the pairs' plain records, unsupervised."""
    import pyarrow
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            compare.JaroWinklerAtThresholds("name", [0.95, 0.9, 0.8]).configure(term_frequency_adjustments=True),
            compare.DateOfBirthComparison("birth_date", input_is_string=True),
            compare.ExactMatch("sex"),
            compare.ExactMatch("nik"),
            compare.ArrayIntersectAtSizes("passports", [1]),
            compare.ExactMatch("kab").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[block_on("pair_id")],
    )
    api = DuckDBAPI()
    sides = [
        api.register(pyarrow.Table.from_pylist([_record(p, side) for p in pairs]), dataset_display_name=side)
        for side in ("departure", "crossing")
    ]
    linker = Linker(sides, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match([block_on("nik")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=500_000, seed=seed)
    for rule in (block_on("birth_date", "sex"), block_on("nik"), block_on("name")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
    found = linker.inference.predict().as_record_list()
    return Weighed(weights={row["pair_id_l"]: row["match_weight"] for row in found})


def _record(pair: Pair, side: str) -> dict[str, Any]:
    raw: Side = pair.raw[side]
    passports = [p for p in (raw["passport"], *raw["previous_passports"].split(";")) if p]
    return {
        "unique_id": f"{side}-{pair.pair_id}",
        "pair_id": pair.pair_id,
        "name": raw["name"],
        "birth_date": raw["birth_date"],
        "sex": raw["sex"],
        "nik": raw["nik"] or None,
        "passports": passports or None,
        "kab": raw["origin_region"][:4],
    }


def table(scores: dict[str, Score]) -> Iterator[str]:
    """Every matcher's figures."""
    yield f"{'matcher':<40}{'recall':>9}{'precision':>11}{'F1':>9}"
    for name, score in scores.items():
        yield f"{name:<40}{score.recall:>9.4f}{score.precision:>11.4f}{f1(score):>9.4f}"
