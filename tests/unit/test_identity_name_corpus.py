"""How well name codes tell one person from another, measured on synthetic names of NTT.

The same person twice: one name as registered, one as an office, a gate or a ticket might write it.  Different people:
two random people of one sex under one birth date, which is all that the matcher ever compares.  The frequencies of
names and of errors are assumptions; the figures hold a choice of thresholds in place, they are no promise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

import pytest

from schemas.identity import LinkageKey, code_bits, dice_bits, name_code, overlap_bits
from streams.matching import names_disagree, names_near
from streams.policy import shipped_policy

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
BORN = date(1998, 5, 17)
Rule = Callable[[int, int], bool]


def listed(text: str) -> list[str]:
    """Names, the most frequent first."""
    return text.split()


WOMEN = listed(
    "MARIA YULIANA YOHANA KRISTINA ANASTASIA MARGARETA YOSEFINA FRANSISKA AGUSTINA THERESIA VERONIKA ELISABETH "
    "MAGDALENA KATARINA MARTA REGINA DOROTEA GORETI IMELDA BERNADETA YASINTA PAULINA ROSALIA SITI ANA MELANIA "
    "WILHELMINA ADELINA OKTAVIANA NOVITA DELFINA FLORIDA LUSIA SESILIA HENDRIKA ELFRIDA MERI YANTI SKOLASTIKA "
    "GAUDENSIA PETRONELA MARSELINA ADRIANA BENEDIKTA EMILIANA FEBRIANA GETRUDIS HILARIA INDAH KANISIA LIDIA "
    "MATILDA NURHAYATI AMINAH FATIMAH AISYAH KHADIJAH SUMARNI RAHMAWATI HALIMAH ROSDIANA DESI DEWI FITRI LESTARI "
    "WATI SRI PRISKA REMIGIA SEBASTIANA TRIFONIA URSULA VIKTORIA YUNITA SELFIANA ERMELINDA DOMINIKA ALFONSA "
    "BLANDINA NATALIA "
)
MEN = listed(
    "YOHANES PETRUS FRANSISKUS ANTONIUS YOSEF DOMINGGUS PAULUS MARTINUS AGUSTINUS KRISTIANUS STEFANUS ADRIANUS "
    "ANDREAS LUKAS MARKUS MATEUS GABRIEL MIKAEL RAFAEL KANISIUS BENEDIKTUS KORNELIS HENDRIKUS WILHELMUS ALOYSIUS "
    "BERNADUS DANIEL YAKOBUS SIMON FERDINANDUS EMANUEL GREGORIUS IGNASIUS LAURENSIUS LEONARDUS MARSELINUS MELKIOR "
    "NIKOLAUS OKTAVIANUS PASKALIS ROBERTUS SEBASTIANUS SERVASIUS SILVESTER THOMAS URBANUS VALENTINUS VINSENSIUS "
    "YULIUS ZAKARIAS FELIKS GERARDUS MUHAMMAD AHMAD ABDUL RAHMAN SYAIFUL HIDAYAT IBRAHIM ISMAIL YUSUF HASAN UMAR "
    "RIDWAN SYARIFUDIN JAMALUDIN ZAINAL ARIFIN BUDI AGUS HERMAN JONI RUDI ALEXANDER ARNOLDUS BLASIUS DIONISIUS "
    "ELIAS FREDERIKUS HERONIMUS KLEMENS OKTOVIANUS REMIGIUS YANUARIUS YERMIAS "
)
SURNAMES = listed(
    "SERAN BERE NAHAK LEBA KLAU TAEK BANO TEFA TAKENE LEU NINO SAE MANEK FALLO TAEBENU NENO BANUNAEK ASA BRIA "
    "LUAN HALE BAU MAU LAU TAMPANI BOIK TNUNAY SIKKI NABEN KOLO USBOKO SONBAI OEMATAN BENU TEFNAI NOMLENI TLONAEN "
    "LIU FAOT SELAN MELLA NUBATONIS BEIS KASE KAUNAN BISTOLEN LAY DJAMI RATU KORE RIWU LOMI BENGU HABA ROHI HAU "
    "NGGADAS MESSAKH PELLO LEDOH MBOEIK ADOE THON NDUN DETHAN FANGGI MOOY LUSI FERNANDEZ DACOSTA DIAZ MONTEIRO "
    "SOARES LAMEN KEDANG KELEN TUKAN HURINT HAYON KOTEN OLA WERANG LEWAR MUDAJ TOBI KLEDEN BELEN WUWUR SABON "
    "BLIKOLOLONG HEKIN LIWUN WEA WOGA BHARA MITE REGO DHAE LADO RAGA SOLO NDEDE MBETE WANGGE GARE SENDA JEHARUT "
    "JEMADU NDARUNG HAMBUR JEHANI JELAMU NGGALE BORA KAKA LEDE NGONGO DAPA BULU MALO KALLI UMBU HAMBA NDAPA RAMBU "
    "NALU LANDU HARA TARAP KAMURI REMI NONG MOAN DA-SILVA PAREIRA RAJA LEPU SARENG MAKIN NARA GALIS SOGE TOKAN "
)
EXCHANGED = (
    *(("Y", "J"), ("J", "Y"), ("F", "PH"), ("F", "V"), ("V", "F"), ("K", "C"), ("S", "Z"), ("Z", "S"), ("T", "TH")),
    *(("TH", "T"), ("U", "OE"), ("OE", "U"), ("SY", "S"), ("KS", "X"), ("I", "Y"), ("I", "IY"), ("J", "DJ"), ("H", "")),
    *(("KH", "H"), ("AE", "AI"), ("N", "NN"), ("L", "LL"), ("T", "TT"), ("D", "DH"), ("US", "IUS"), ("IUS", "IS")),
    *(("E", "I"), ("I", "E"), ("O", "U"), ("B", "P"), ("D", "T"), ("SS", "S"), ("KR", "CHR"), ("A", "AH")),
)
ERRORS = {
    **{"none": 30, "spelling": 22, "typo": 14, "middle dropped": 8, "initial": 6, "surname dropped": 3},
    **{"first dropped": 3, "order": 5, "joined": 2, "title": 3, "scanned": 2, "cut": 2},
}
"""Share of each in a hundred second writings."""


def often_first(rng: Random, names: list[str], steepness: float) -> str:
    return rng.choices(names, [1 / (i + 2) ** steepness for i in range(len(names))])[0]


def someone(rng: Random) -> tuple[bool, list[str]]:
    """Whether a woman, and the words of the name; one in eleven has no surname."""
    woman = rng.random() < 0.7
    count = rng.choices([1, 2, 3], [50, 42, 8])[0]
    given: list[str] = []
    while len(given) < count:
        name = often_first(rng, WOMEN if woman else MEN, 0.85)
        if name not in given:
            given.append(name)
    if woman and rng.random() < 0.18 and "MARIA" not in given:
        given[0] = "MARIA"
    return woman, given if rng.random() < 0.09 else [*given, often_first(rng, SURNAMES, 0.6)]


def respelled(rng: Random, word: str) -> str:
    old, new = rng.choice([(a, b) for a, b in EXCHANGED if a in word] or [("", "")])
    if not old:
        return word
    place = rng.choice([i for i in range(len(word)) if word.startswith(old, i)])
    return word[:place] + new + word[place + len(old) :]


def mistyped(rng: Random, word: str) -> str:
    place, letter = rng.randrange(len(word)), rng.choice("AEIOUNRSTKLMBDG")
    before, here, after = word[:place], word[place], word[place + 1 :]
    kind = rng.choices(["replaced", "left out", "added", "swapped"], [4, 2, 2, 2])[0]
    if kind == "left out" and len(word) > 3:
        return before + after
    if kind == "added":
        return before + letter + here + after
    if kind == "swapped" and after:
        return before + after[0] + here + after[1:]
    return before + letter + after


def written_again(rng: Random, words: list[str], error: str) -> list[str]:
    words, place = list(words), rng.randrange(len(words))
    several, three = len(words) > 1, len(words) > 2
    if error == "spelling":
        words[place] = respelled(rng, words[place])
    elif error == "typo":
        words[place] = mistyped(rng, words[place])
    elif error == "middle dropped" and three:
        del words[rng.randrange(1, len(words) - 1)]
    elif error == "first dropped" and three:
        del words[0]
    elif error == "surname dropped" and several:
        del words[-1]
    elif error == "initial" and several:
        place = rng.choice([0, 1])
        words[place] = words[place][0] + rng.choice(["", "."])
    elif error == "order":
        words = words[-1:] + words[:-1]
    elif error == "joined" and several:
        words[:2] = ["".join(words[:2])]
    elif error == "title":
        words = [*rng.choice([["H."], ["SDRI"], ["DRS."]]), *words[:-1], words[-1] + rng.choice(["", ", S.PD", ", SE"])]
    elif error == "scanned":
        words[place] = words[place].replace("O", "0").replace("I", "1").replace("S", "5")
    elif error == "cut":
        words = " ".join(words)[:16].split()
    return words


@dataclass(frozen=True)
class Corpus:
    """Pairs of name codes, with the error between those of one person."""

    same: list[tuple[str, int, int]]
    different: list[tuple[int, int]]

    def recall(self, near: Rule) -> float:
        return sum(near(a, b) for _, a, b in self.same) / len(self.same)

    def false_matches(self, near: Rule) -> float:
        return sum(near(a, b) for a, b in self.different) / len(self.different)


def code(name: str) -> int:
    return code_bits(name_code(KEY, BORN, name) or "")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    rng = Random(7)
    people = [someone(rng) for _ in range(3000)]
    same: list[tuple[str, int, int]] = []
    sexes: dict[bool, list[tuple[list[str], int, int]]] = {True: [], False: []}
    for woman, words in people:
        error = rng.choices(list(ERRORS), list(ERRORS.values()))[0]
        again = written_again(rng, words, error)
        if rng.random() < 0.12:
            again = written_again(rng, again, "spelling")
        first, second = code(" ".join(words)), code(" ".join(again))
        same.append((error, first, second))
        sexes[woman].append((words, first, second))
    pairs = (rng.sample(sexes[rng.random() < 0.7], 2) for _ in range(50000))
    # who bears exactly the same name cannot be told apart by any code
    return Corpus(same, [(a[1], b[2]) for a, b in pairs if a[0] != b[0]])


def dice_at_least(threshold: float) -> Rule:
    return lambda a, b: dice_bits(a, b) >= threshold


def test_at_080_nine_in_ten_are_found_and_one_stranger_in_a_thousand(corpus: Corpus) -> None:
    near = dice_at_least(0.80)
    assert corpus.recall(near) > 0.91
    assert corpus.false_matches(near) < 0.0015


def test_overlap_finds_those_whose_name_was_shortened(corpus: Corpus) -> None:
    def near(a: int, b: int) -> bool:
        return dice_bits(a, b) >= 0.80 or (dice_bits(a, b) >= 0.70 and overlap_bits(a, b) >= 0.92)

    shortened = Corpus([p for p in corpus.same if p[0] in ("middle dropped", "first dropped")], [])
    assert shortened.recall(near) > 0.95 > shortened.recall(dice_at_least(0.80))
    assert corpus.recall(near) > 0.94
    assert corpus.false_matches(near) < 0.004


def test_what_only_the_spelling_changes_is_found_almost_always(corpus: Corpus) -> None:
    for error, least in (("none", 0.99), ("title", 0.98), ("order", 0.97), ("scanned", 0.96), ("spelling", 0.94)):
        assert Corpus([p for p in corpus.same if p[0] == error], []).recall(dice_at_least(0.80)) > least, error


def test_the_shipped_thresholds_find_one_worker_and_keep_two_apart(corpus: Corpus) -> None:
    rule = shipped_policy().matching
    assert corpus.recall(lambda a, b: names_near(a, b, rule)) > 0.94
    assert corpus.false_matches(lambda a, b: names_near(a, b, rule)) < 0.007
    assert corpus.recall(lambda a, b: names_disagree(a, b, rule)) < 0.005
    assert corpus.false_matches(lambda a, b: names_disagree(a, b, rule)) > 0.94


def test_the_shipped_report_threshold_finds_who_is_looked_for_with_a_letter_wrong(corpus: Corpus) -> None:
    typed = Corpus([p for p in corpus.same if p[0] in ("typo", "spelling", "none")], [])
    assert typed.recall(dice_at_least(shipped_policy().matching.report_dice)) > 0.98
