"""The ways one name is written twice: old spelling, short forms, dropped names, initials and slips of the hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

SHORT_FORMS = {
    "MUHAMMAD": ("MUH", "MOH", "MOHAMMAD", "MUHAMAD", "MUH."),
    "ABDUL": ("ABD",),
    "FRANSISKUS": ("FRANS",),
    "YOHANES": ("YOH", "JOHANES", "YOHANIS"),
    "SITI": ("ST", "ST."),
    "YOSEPH": ("YOSEF", "YOSEP"),
    "ELISABETH": ("ELISABET", "ELIZABETH"),
    "TERESIA": ("THERESIA",),
    "KATARINA": ("KATHARINA",),
    "THEODORUS": ("TEODORUS",),
    "VINSENSIUS": ("VINCENTIUS",),
    "IGNASIUS": ("IGNATIUS",),
    "FATIMAH": ("FATIMA",),
    "SYAMSUDDIN": ("SAMSUDIN",),
    "MARGARETHA": ("MARGARETA", "MARGARITA"),
}
_TYPING_NEIGHBOURS = {
    "A": "S", "B": "V", "C": "X", "D": "S", "E": "R", "F": "G", "G": "H", "H": "J", "I": "U", "J": "K", "K": "L",
    "L": "K", "M": "N", "N": "M", "O": "P", "P": "O", "R": "T", "S": "A", "T": "R", "U": "I", "V": "B", "W": "E",
    "Y": "T", "Z": "X",
}  # fmt: skip


def short_form(rng: Random, name: str) -> str:
    """MUHAMMAD as MUH, FRANSISKUS as FRANS, TERESIA as THERESIA."""
    words = name.split()
    places = [i for i, w in enumerate(words) if w in SHORT_FORMS]
    if places:
        i = rng.choice(places)
        words[i] = rng.choice(SHORT_FORMS[words[i]])
    return " ".join(words)


def old_spelling(rng: Random, name: str) -> str:
    """OE for U, DJ for J, J for Y."""
    swaps = [(a, b) for a, b in (("U", "OE"), ("OE", "U"), ("DJ", "J"), ("J", "DJ"), ("Y", "J")) if a in name]
    if not swaps:
        return name
    old, new = rng.choice(swaps)
    return name.replace(old, new, 1)


def doubled_letter(rng: Random, name: str) -> str:
    """A consonant written twice, or a double one written once."""
    for i in range(len(name) - 1):
        if name[i] == name[i + 1] and name[i] != " ":
            return name[:i] + name[i + 1 :]
    places = [i for i, c in enumerate(name) if c in "LNRSTM" and 0 < i < len(name) - 1 and name[i - 1] != " "]
    if not places:
        return name
    i = rng.choice(places)
    return name[: i + 1] + name[i:]


def dropped_middle(rng: Random, name: str) -> str:
    """A name between the first and the last is left out."""
    words = name.split()
    if len(words) < 3:
        return name
    del words[rng.randrange(1, len(words) - 1)]
    return " ".join(words)


def dropped_last(_rng: Random, name: str) -> str:
    """The last name is left out."""
    words = name.split()
    return " ".join(words[:-1]) if len(words) >= 3 else name


def initial(rng: Random, name: str) -> str:
    """A middle or last name is only its first letter."""
    words = name.split()
    if len(words) < 3:
        return name
    i = rng.randrange(1, len(words))
    words[i] = words[i][0]
    return " ".join(words)


def typing_slip(rng: Random, name: str) -> str:
    """One letter is wrong, missing, or exchanged with its neighbour; the first letter stays."""
    places = [i for i in range(1, len(name) - 1) if name[i] != " " and name[i + 1] != " "]
    if len(name) < 5 or not places:
        return name
    i, kind = rng.choice(places), rng.randrange(3)
    if kind == 0:
        return name[:i] + _TYPING_NEIGHBOURS.get(name[i], "A") + name[i + 1 :]
    if kind == 1:
        return name[:i] + name[i + 1 :]
    return name[:i] + name[i + 1] + name[i] + name[i + 2 :]


def word_order(_rng: Random, name: str) -> str:
    """The family name comes first."""
    words = name.split()
    return " ".join([words[-1], *words[:-1]]) if len(words) >= 2 else name


Way = tuple[str, float, Callable[[Random, str], str]]
"""Kind, how often, how."""
WAYS: tuple[Way, ...] = (
    ("short_form", 8.0, short_form),
    ("old_spelling", 4.0, old_spelling),
    ("doubled_letter", 3.0, doubled_letter),
    ("dropped_middle", 3.0, dropped_middle),
    ("dropped_last", 1.0, dropped_last),
    ("initial", 1.5, initial),
    ("typing_slip", 3.0, typing_slip),
    ("word_order", 1.0, word_order),
)


def written_otherwise(
    rng: Random, name: str, times: int = 1, ways: tuple[Way, ...] = WAYS
) -> tuple[str, tuple[str, ...]]:
    """The name written otherwise, and the kinds of what was done; nothing is done where nothing fits."""
    kinds: list[str] = []
    shares = _shares(ways)
    for _ in range(times):
        for _attempt in range(6):
            kind, _share, way = ways[rng.choices(range(len(ways)), shares)[0]]
            changed = way(rng, name)
            if changed != name and kind not in kinds:
                name = changed
                kinds.append(kind)
                break
    return name, tuple(kinds)


@cache
def _shares(ways: tuple[Way, ...]) -> tuple[float, ...]:
    return tuple(share for _, share, _ in ways)
