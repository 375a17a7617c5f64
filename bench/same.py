"""The whole match, as a framework with state by key would do it: a block's facts in its state, judged at each new one.

The rules, names, revisions and findings are the matcher's own. What a framework's state cannot do as well is what is
measured: it holds bytes, so the block is read again for every fact. No transactions, refusals or CloudEvents headers.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.codec import decode_fact, encode
from streams.admission import digest_of
from streams.casebook import Admitted, Casebook
from streams.policy import shipped_policy

POLICY = shipped_policy()

Held = Sequence[Sequence[str]]
"""Topic and JSON of each fact of a block, the new one last."""


def judged(known: Held, key: bytes) -> list[bytes]:
    """What the newest fact of a block changes."""
    book = Casebook(POLICY)
    *before, newest = (
        Admitted(decode_fact(topic, key, text.encode()), digest_of(text.encode())) for topic, text in known
    )
    book.replay(before)
    return [encode(assessment) for assessment in book.assess(book.remember([newest]))]
