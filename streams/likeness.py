"""Whether two name codes of one birth date are one name, or two people's."""

from __future__ import annotations

from schemas.identity import dice_bits
from schemas.identity.names import BITS
from streams.policy import Matching


def own_bits(a: int, b: int) -> tuple[float, float]:
    """How many bits each of two name codes has to itself, the fewer first.

    A bit that the other has by chance, for another bigram, hides one: the fuller the other, the more are added back.
    """
    of_a, of_b, both = a.bit_count(), b.bit_count(), (a & b).bit_count()
    own_a, own_b = (of_a - both) / (1 - of_b / BITS), (of_b - both) / (1 - of_a / BITS)
    return (own_a, own_b) if own_a <= own_b else (own_b, own_a)


def names_near(a: int, b: int, rule: Matching, *, renewed: bool = False) -> bool:
    """Whether two name codes of one birth date are one name, written two ways.

    A slip of the hand leaves each a few bits to itself, however long the name; another family name leaves each more,
    although beside long given names it hardly moves the Dice coefficient; a dropped name leaves them on one side only.
    `renewed`: the passports differ, so nothing but the name says that they are one person's.
    """
    if not a or not b:
        return False
    if a == b:
        return True
    fewer, more = own_bits(a, b)
    if more <= (rule.renewed_slip_bits if renewed else rule.slip_bits):
        return True
    # a mononym that is a common given name would lie in everybody's name
    least = rule.renewed_least_bits if renewed else rule.dropped_least_bits
    tells_enough = min(a.bit_count(), b.bit_count()) >= least
    return tells_enough and fewer <= rule.dropped_bits and dice_bits(a, b) >= rule.dropped_dice


def names_disagree(a: int, b: int, rule: Matching) -> bool:
    """Whether two names are known and so far apart that they are two people's: each has a word of its own."""
    if not a or not b or a == b:
        return False
    return own_bits(a, b)[0] >= rule.disagree_bits and dice_bits(a, b) < rule.disagree_dice
