"""The harder ways one name is written twice: letters that offices exchange, scanned digits, and names out of place."""

from __future__ import annotations

from random import Random

from producers.journeys.spelling import WAYS, Way

_EXCHANGED = (
    *(
        ("F", "PH"),
        ("PH", "F"),
        ("F", "V"),
        ("V", "F"),
        ("C", "TJ"),
        ("TJ", "C"),
        ("U", "OE"),
        ("OE", "U"),
        ("J", "DJ"),
    ),
    *(("DJ", "J"), ("Y", "J"), ("S", "Z"), ("Z", "S"), ("T", "TH"), ("TH", "T"), ("SY", "S"), ("NY", "NJ"), ("K", "C")),
    *(("KS", "X"), ("KH", "CH"), ("AI", "AE"), ("AE", "AI")),
)
_SCANNED = {"O": "0", "I": "1", "S": "5", "B": "8"}


def exchanged_letters(rng: Random, name: str) -> str:
    """F for PH or V, C for TJ, S for Z, T for TH, once."""
    fitting = [(old, new) for old, new in _EXCHANGED if old in name]
    if not fitting:
        return name
    old, new = rng.choice(fitting)
    place = rng.choice([i for i in range(len(name)) if name.startswith(old, i)])
    return name[:place] + new + name[place + len(old) :]


def scanned(rng: Random, name: str) -> str:
    """A machine read 0 for O, 1 for I, 5 for S or 8 for B, in one word."""
    words = name.split()
    places = [i for i, word in enumerate(words) if len(word) > 1 and set(word) & set(_SCANNED)]
    if not places:
        return name
    i = rng.choice(places)
    letter = rng.choice([c for c in _SCANNED if c in words[i]])
    words[i] = words[i].replace(letter, _SCANNED[letter])
    return " ".join(words)


def names_swapped(rng: Random, name: str) -> str:
    """Two given names have changed places, the last name has not."""
    words = name.split()
    if len(words) < 3:
        return name
    i = rng.randrange(len(words) - 2)
    words[i], words[i + 1] = words[i + 1], words[i]
    return " ".join(words)


def clan_first(_rng: Random, name: str) -> str:
    """The clan name first, with the comma of a list."""
    words = name.split()
    return f"{words[-1]}, {' '.join(words[:-1])}" if len(words) >= 2 else name


def first_initial(_rng: Random, name: str) -> str:
    """The first of several given names is only its letter and a point."""
    words = name.split()
    return " ".join([f"{words[0][0]}.", *words[1:]]) if len(words) >= 3 else name


def dropped_first(_rng: Random, name: str) -> str:
    """The first of several given names is left out."""
    words = name.split()
    return " ".join(words[1:]) if len(words) >= 3 else name


def joined(rng: Random, name: str) -> str:
    """The blank between two names is lost."""
    words = name.split()
    if len(words) < 2:
        return name
    i = rng.randrange(len(words) - 1)
    return " ".join([*words[:i], words[i] + words[i + 1], *words[i + 2 :]])


def bin_binti(rng: Random, name: str) -> str:
    """BIN or BINTI before the last name, which it says is the father's."""
    words = name.split()
    if len(words) < 2:
        return name
    return " ".join([*words[:-1], rng.choice(("BIN", "BINTI")), words[-1]])


EVERY_WAY: tuple[Way, ...] = (
    *WAYS,
    ("exchanged_letters", 4.0, exchanged_letters),
    ("scanned", 2.0, scanned),
    ("names_swapped", 1.0, names_swapped),
    ("clan_first", 1.5, clan_first),
    ("first_initial", 1.0, first_initial),
    ("dropped_first", 0.7, dropped_first),
    ("joined", 0.5, joined),
    ("bin_binti", 1.0, bin_binti),
)
"""Kind, how often, how."""
