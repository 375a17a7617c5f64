"""Prints every figure of the matching corpus and of the planted cases."""

from __future__ import annotations

import sys

from streams.policy import shipped_policy
from tests.quality import pairs, planted


def main() -> None:
    say, policy = sys.stdout.write, shipped_policy()
    corpus = pairs.corpus(pairs.HELD_BACK_SEED, pairs.PAIRS)
    for title, judged in (("each pair alone", pairs.judge_alone), ("all pairs in one book", pairs.judge_together)):
        say(f"Matching corpus: {len(corpus)} pairs of seed {pairs.HELD_BACK_SEED}, {title}\n\n")
        say("".join(f"{line}\n" for line in pairs.table(judged(corpus, policy))))
        say("\n")
    say(f"Planted cases: {planted.DAYS} days from {planted.START} at rate {planted.RATE}, ")
    say(f"seed {planted.HELD_BACK_SEED}\n\n")
    say("".join(f"{line}\n" for line in planted.table(planted.a_month(planted.HELD_BACK_SEED, policy))))


if __name__ == "__main__":
    main()
