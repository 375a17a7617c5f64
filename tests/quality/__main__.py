"""Prints every figure: matching, groups, rivals, lists, attacks and planted cases, each beside its target."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from streams.policy import Policy, shipped_policy
from tests.quality import baselines, fairness, lists, pairs, planted, privacy

Say = Callable[[str], object]
MISSED: list[str] = []


def aim(say: Say, what: str, value: float, least: float | None = None, most: float | None = None) -> None:
    """Print a figure beside its target."""
    met = (least is None or value >= least) and (most is None or value <= most)
    target = f"at least {least}" if least is not None else f"at most {most}"
    say(f"{'met   ' if met else 'MISSED'}  {what}: {value:.4f} ({target})\n")
    if not met:
        MISSED.append(what)


def lines(say: Say, title: str, text: Iterable[str]) -> None:
    """Print a table under its title."""
    say(f"{title}\n\n")
    say("".join(f"{line}\n" for line in text))
    say("\n")


def matching(say: Say, policy: Policy) -> None:
    """The corpus, the groups and the rivals."""
    corpus = pairs.corpus(pairs.HELD_BACK_SEED, pairs.PAIRS)
    together = list(pairs.judge_together(corpus, policy))
    lines(say, f"Matching: {len(corpus)} pairs of seed {pairs.HELD_BACK_SEED} in one book", pairs.table(together))
    total = pairs.score(together)
    aim(say, "recall", total.recall, least=0.97)
    aim(say, "precision", total.precision, least=0.995)
    say("\n")
    lines(say, "Groups of travellers (tier: the best that the two records allow)", fairness.table(together))
    over = fairness.over(together)
    say("".join(f"        {name}\n" for name in over))
    aim(say, "groups above twice the average, beyond one chance in a thousand", len(over), most=0)
    say("\n")
    alone = pairs.score(pairs.judge_alone(corpus, policy))
    scores = {"Lintas, pseudonyms, each pair alone": alone, "Lintas, pseudonyms, all in one book": total}
    plain = {
        "exact, plain": baselines.decided(corpus, baselines.exact),
        "Jaro-Winkler 0.9, plain": baselines.decided(corpus, baselines.jaro_winkler),
    }
    tuning = pairs.corpus(pairs.TUNING_SEEDS[0], pairs.PAIRS // 4)
    threshold = baselines.splink(tuning, 1).best_threshold(tuning)
    weighed = baselines.splink(corpus, 1)
    plain[f"splink, plain, weight {threshold} of seed {pairs.TUNING_SEEDS[0]}"] = weighed.at(corpus, threshold)
    lines(say, "The same pairs to matchers that see every name", baselines.table(scores | plain))
    best = max(map(baselines.f1, plain.values()))
    aim(say, "F1 lost against the best of them", best - baselines.f1(alone), most=baselines.MAX_LOSS)
    say("\n")


def passenger_lists(say: Say, policy: Policy, directory: Path | None) -> None:
    """Made lists, and those of a directory."""
    made = {"260 people, 260 birthdays": lists.passenger_list(260)}
    made["260 people, 40 birthdays"] = lists.passenger_list(260, birthdays=40)
    for path in sorted(directory.iterdir()) if directory else ():
        if path.suffix in (".txt", ".edi"):
            made[path.name] = path.read_bytes()
    say("Passenger lists: people, different document numbers, people told apart\n\n")
    for name, raw in made.items():
        people = lists.read_list(raw)
        apart = lists.told_apart(lists.crossings(people), policy)
        say(f"  {name:<40}{len(people):>6}{len({p.document for p in people}):>6}{apart:>6}\n")
    say("\n")


def harm(say: Say, policy: Policy) -> None:
    """The planted season, and what can be learnt of its travellers."""
    days, rate, seed = planted.DAYS, planted.RATE, planted.HELD_BACK_SEED
    season = planted.a_season(seed, policy)
    lines(say, f"Planted cases: {days} days from {planted.START}, rate {rate}, seed {seed}", planted.table(season))
    done = planted.harm(season)
    aim(say, "planted crossings that today's rules are to flag, flagged", done.recall, least=0.9)
    say(f"        of all planted crossings, also those that no rule of today flags: {done.recall_of_all:.4f}\n")
    aim(say, "flags on 1 000 crossings of innocent travellers of NTT", done.per_thousand, most=2)
    aim(say, "flags a day, ordinary traffic raised to its true number", done.a_day, most=30)
    say(f"        at most, by the size of the sample (95 %): {done.a_day_at_most:.1f}\n\n")
    lines(say, f"Privacy: {privacy.PEOPLE} people of seed {privacy.SEED}", privacy.table(planted.facts_of_season(seed)))


def main() -> None:
    say, policy = sys.stdout.write, shipped_policy()
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    matching(say, policy)
    passenger_lists(say, policy, directory)
    harm(say, policy)
    say(f"Targets missed: {', '.join(MISSED) or 'none'}\n")


if __name__ == "__main__":
    main()
