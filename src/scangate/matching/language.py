"""Does this read as language, and which way round? Word lists and letter-pair statistics of nine languages.

Enough to tell text from noise, from ROT13 and from text written backwards, on stretches of a few words; not a language model.
The tables are counts made by training/text_preparation/build_language_tables.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from scangate.matching import characters as ch
from scangate.matching.characters import character_tables
from scangate.matching.folding import codes_of, text_of
from scangate.matching.offsets import Codes

Scores = NDArray[np.int32]

_NO_LETTER: Final = 26
_CYRILLIC_LETTERS: Final = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_CYRILLIC_SMOOTHING: Final = 2.0
_FIRST_ZERO_WIDTH: Final = 0xAD
_FIRST_BEYOND_LATIN: Final = 0x250
_FIRST_KANA: Final = 0x3040
_PAIR_BITS: Final = 20
_TRIPLE_BITS: Final = 21
"""Wide enough that one unknown sequence in thirty falls on the place of a known one; three megabytes together."""
_SINGLE_LETTER_WORDS: Final = frozenset("aieoyuàèéвикосуяüx")
_UNKNOWN_LETTER_COST: Final = 3.0
"""In known words."""
_TEXT_LETTER_SHARE: Final = 0.45
_ONE_SCRIPT_SHARE: Final = 0.8
_SHORT_LETTERS: Final = 24
_SHORT_PAIR_SCORE: Final = 4.0
_SHORT_KNOWN_SHARE: Final = 0.5
"""So much of a short text in common words of three letters and more makes up for unlikely pairs."""
_PAIR_SCORE: Final = -6.0
"""Mean eighths of a bit over chance that letter pairs of text reach; random letters score about -15, prose +10, code +2."""
_LONG_LETTERS: Final = 48
_LONG_PAIR_SCORE: Final = -9.0
"""Over so many pairs chance strays less; romanised Russian reaches -7."""
_SAMPLE: Final = 4096
_LANGUAGE_SAMPLE: Final = 600
_TELLING_LETTERS: Final = 8
_TELLING_WORDS: Final = 10
_SUPPORTED_SHARE: Final = 0.28
"""Of the letters in common words: sentences of supported languages have 0.39 to 1, of Dutch, Polish, Turkish, Ukrainian 0.03 to 0.23."""
_SCRIPT_BOUNDS: Final = np.array([0x80, 0x250, 0x370, 0x400, 0x530, 0x590, 0x600, 0x900, 0xE00, 0x1100, 0x1200, 0x1E00, 0x1F00,
                                  0x2E80, 0xA4D0, 0xAC00, 0xD7B0, 0xF900, 0xFB00, 0x20000])  # fmt: skip
_SCRIPTS: Final = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 3, 12, 13, 10, 14, 12, 15, 12])
"""Script class of the code points from each bound on; Latin, Greek and Chinese-Japanese appear more than once."""


@dataclass(frozen=True, slots=True, eq=False)
class LanguageTables:
    """`latin[a * 27 + b]`: how much likelier than chance letter b follows a, in eighths of a bit (26: no letter).

    `forward_pairs` and `forward_triples`, indexed by hashes: eighths of a nat by which a sequence is likelier than its reversal;
    pairs for Chinese and Japanese, triples for alphabets and kana. `cyrillic`: as `latin`, by pair of lower-case letters.
    """

    words: frozenset[str]
    finder: AhoCorasick
    """Of the words."""
    cyrillic: dict[str, int]
    latin: NDArray[np.int16]
    rotation: NDArray[np.int16]
    forward_pairs: NDArray[np.int8]
    forward_triples: NDArray[np.int8]
    letter_index: NDArray[np.uint16]
    plain: Codes
    """Letters in lower case, everything else a space."""


@cache
def language_tables() -> LanguageTables:
    data = resources.files("scangate.matching").joinpath("data")
    words: set[str] = set(_SINGLE_LETTER_WORDS)
    for line in data.joinpath("words.txt").read_text("utf-8").splitlines():
        words.update(line.split()[1:])
    cyrillic = _cyrillic_pairs(word for word in words if len(word) > 1 and word[0] >= _CYRILLIC_LETTERS[0])
    latin = np.array(data.joinpath("latin_pairs.txt").read_text("utf-8").split(), np.int16)
    index = np.arange(27)
    rotated = np.where(index < _NO_LETTER, (index + 13) % 26, index)
    rotation = (latin.reshape(27, 27)[np.ix_(rotated, rotated)].ravel() - latin).astype(np.int16)
    forward_pairs, forward_triples = _forward_tables(
        data.joinpath("forward_pairs.txt").read_text("utf-8"), data.joinpath("forward_triples.txt").read_text("utf-8")
    )
    characters = character_tables()
    plain = np.full(ch.CODE_POINTS, 32, np.uint32)
    letters = np.flatnonzero((characters.flags & ch.LETTER) != 0).astype(np.uint32)
    plain[letters] = characters.cased[letters]
    letter_index = np.full(128, _NO_LETTER, np.uint16)
    letter_index[65:91] = letter_index[97:123] = np.arange(26)
    return LanguageTables(
        words=frozenset(words),
        finder=AhoCorasick(sorted(words)),
        cyrillic=cyrillic,
        latin=latin,
        rotation=rotation,
        forward_pairs=forward_pairs,
        forward_triples=forward_triples,
        letter_index=letter_index,
        plain=plain,
    )


def _cyrillic_pairs(words: Iterable[str]) -> dict[str, int]:
    """Eighths of a bit over chance for every pair of letters, counted in the common words."""
    counts = Counter(first + second for word in words for first, second in pairwise(word.replace("ё", "е")))
    chance = (counts.total() + _CYRILLIC_SMOOTHING * len(_CYRILLIC_LETTERS) ** 2) / len(_CYRILLIC_LETTERS) ** 2
    pairs = (first + second for first in _CYRILLIC_LETTERS for second in _CYRILLIC_LETTERS)
    return {pair: round(8 * math.log2((counts[pair] + _CYRILLIC_SMOOTHING) / chance)) for pair in pairs}


def _forward_tables(pairs: str, triples: str) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    forward_pairs, forward_triples = np.zeros(1 << _PAIR_BITS, np.int8), np.zeros(1 << _TRIPLE_BITS, np.int8)
    for weight, codes in _forward_grams(pairs):
        forward_pairs[_pair_hash(codes[1::2], codes[::2])] = -weight
        forward_pairs[_pair_hash(codes[::2], codes[1::2])] = weight
    for weight, codes in _forward_grams(triples):
        forward_triples[_triple_hash(codes[2::3], codes[1::3], codes[::3])] = -weight
        forward_triples[_triple_hash(codes[::3], codes[1::3], codes[2::3])] = weight
    return forward_pairs, forward_triples


def _forward_grams(table: str) -> Iterator[tuple[int, Codes]]:
    for line in table.splitlines():
        weight, grams = line.split("\t")
        yield int(weight), codes_of(grams.replace("_", " "))


def _pair_hash(first: Codes, second: Codes) -> Codes:
    mixed: Codes = (first * np.uint32(0x9E3779B1) + second * np.uint32(0x85EBCA6B)) >> np.uint32(32 - _PAIR_BITS)
    return mixed


def _triple_hash(first: Codes, second: Codes, third: Codes) -> Codes:
    mixed = first * np.uint32(0x9E3779B1) + second * np.uint32(0x85EBCA6B) + third * np.uint32(0xC2B2AE35)
    hashed: Codes = mixed >> np.uint32(32 - _TRIPLE_BITS)
    return hashed


def is_word(word: str) -> bool:
    """Whether a casefolded word is among the few thousand commonest of seven languages (no Japanese, no Chinese)."""
    return word in language_tables().words


def latin_pairs(codes: Codes) -> NDArray[np.uint16]:
    """For each neighbouring pair its index into the Latin tables; `len(codes) - 1` of them."""
    tables = language_tables()
    letters = tables.letter_index[np.minimum(codes, np.uint32(127))]
    pairs: NDArray[np.uint16] = letters[:-1] * np.uint16(27) + letters[1:]
    return pairs


def latin_scores(pairs: NDArray[np.uint16]) -> NDArray[np.int16]:
    """Eighths of a bit by which each pair of `latin_pairs` is likelier than chance."""
    return language_tables().latin[pairs]


def pair_score(word: str) -> int:
    """Eighths of a bit by which the letter pairs of a casefolded word are likelier than chance, summed; 0 for other scripts."""
    if word.isascii():
        return int(latin_scores(latin_pairs(codes_of(word))).sum()) if len(word) > 1 else 0
    cyrillic = language_tables().cyrillic
    return sum(cyrillic.get(first + second, 0) for first, second in pairwise(word.replace("ё", "е")))


def rotation_gain(codes: Codes) -> NDArray[np.int16]:
    """For each neighbouring pair, how much likelier it is after ROT13 than before, in eighths of a bit."""
    return language_tables().rotation[latin_pairs(codes)]


def forward_gain(codes: Codes) -> NDArray[np.int8]:
    """For each three neighbours, how much likelier they are than their reversal, in eighths of a nat."""
    tables = language_tables()
    plain = tables.plain[codes]
    gain = tables.forward_triples[_triple_hash(plain[:-2], plain[1:-1], plain[2:])]
    if int(plain.max(initial=0)) >= _FIRST_KANA:
        gain = gain + tables.forward_pairs[_pair_hash(plain[:-2], plain[1:-1])]
    return gain


def reads_as_text(text: str) -> bool:
    """Whether a decoded stretch is text rather than noise: printable, mostly letters of one script, plausible pairs.

    Looks at the first few thousand characters. Meant for what has been decoded; short digits-and-letters codes are refused.
    """
    sample = _shown(text[:_SAMPLE])
    dense = "".join(sample.split())
    if len(dense) < 4 or not _printable(dense):
        return False
    codes = codes_of(sample)
    letters = codes[(character_tables().flags[codes] & ch.LETTER) != 0]
    if len(letters) < _TEXT_LETTER_SHARE * len(dense) or len(np.unique(letters)) < 3:
        return False
    foreign = letters[letters >= 0x80]
    if len(foreign) * 3 > len(letters):
        # accented letters without plain ones between them are bytes of something else read as Latin-1
        return _one_script(foreign) and int((foreign < _FIRST_BEYOND_LATIN).sum()) * 2 <= len(letters)
    return _one_script(foreign[foreign >= _FIRST_BEYOND_LATIN]) and _plausible_latin(codes, sample)


def _shown(text: str) -> str:
    """Without zero-width, bidi and the like, which cleaning drops; control characters stay, they tell noise."""
    if text.isascii():
        return text
    codes = codes_of(text)
    hidden = ((character_tables().flags[codes] & ch.HIDDEN) != 0) & (codes >= _FIRST_ZERO_WIDTH)
    return text_of(codes[~hidden]) if hidden.any() else text


def _printable(dense: str) -> bool:
    if dense.isprintable():
        return True
    return sum(not char.isprintable() for char in dense) * 100 <= len(dense)


def _one_script(letters: Codes) -> bool:
    if not len(letters):
        return True
    counts = np.bincount(_SCRIPTS[np.searchsorted(_SCRIPT_BOUNDS, letters, "right")])
    return bool(counts.max() >= _ONE_SCRIPT_SHARE * len(letters))


def _plausible_latin(codes: Codes, text: str) -> bool:
    tables = language_tables()
    letters = tables.letter_index[np.minimum(codes, np.uint32(127))]
    inside = (letters[:-1] < _NO_LETTER) & (letters[1:] < _NO_LETTER)
    if inside.sum() < 3:
        return False
    scores = tables.latin[letters[:-1] * np.uint16(27) + letters[1:]][inside]
    if len(scores) >= _SHORT_LETTERS:
        return bool(scores.mean() >= (_LONG_PAIR_SCORE if len(scores) >= _LONG_LETTERS else _PAIR_SCORE))
    return bool(scores.mean() >= _SHORT_PAIR_SCORE) or _names_things(text)


def _names_things(text: str) -> bool:
    words = words_of(text)
    telling = {word for word in words if len(word) >= 3 and is_word(word)}
    return len(telling) >= 2 and sum(map(len, telling)) >= _SHORT_KNOWN_SHARE * sum(map(len, words))


def is_supported(text: str) -> bool | None:
    """Whether a text reads as one of the nine languages, by its script and the commonest words; None where it is too short to tell.

    Looks at the first `_LANGUAGE_SAMPLE` code points. Catalan and Galician pass as their neighbours.
    """
    sample = _shown(text[:_LANGUAGE_SAMPLE])
    letters = [char for char in sample if char.isalpha()]
    if len(letters) < _TELLING_LETTERS:
        return None
    foreign = sum(not _in_supported_script(ord(char)) for char in letters)
    if foreign * 2 > len(letters):
        return False
    words = [word for word in words_of(sample) if ord(word[0]) < _FIRST_KANA]
    if sum(map(len, words)) * 2 < len(letters):
        return True  # Chinese or Japanese
    return None if len(words) < _TELLING_WORDS else known_share(words) >= _SUPPORTED_SHARE


def _in_supported_script(code: int) -> bool:
    """Latin, Cyrillic, kana and Chinese characters."""
    return code < 0x370 or 0x400 <= code < 0x530 or 0x1E00 <= code < 0x1F00 or 0x2E80 <= code < 0xA4D0 or 0xF900 <= code < 0xFB00


def words_of(text: str) -> list[str]:
    """The casefolded runs of letters."""
    return "".join(char if char.isalpha() else " " for char in text).casefold().split()


def known_share(words: list[str]) -> float:
    """Share of the letters of `words` (casefolded) that stand in known words, 0 to 1; 0 for none."""
    total = sum(map(len, words))
    tables = language_tables()
    return sum(len(word) for word in words if word in tables.words) / total if total else 0.0


def segment(letters: str) -> list[str]:
    """Letters without spaces cut into the fewest words, known ones first and long ones before short ones; unknown letters stand
    alone. Linear in the letters and the known words among them."""
    found = sorted((end, start) for _, start, end in language_tables().finder.find_matches_as_indexes(letters, overlapping=True))
    following = 0
    cost = [0.0]
    cut = [0]
    for end in range(1, len(letters) + 1):
        best, begin = cost[end - 1] + _UNKNOWN_LETTER_COST, end - 1
        while following < len(found) and found[following][0] == end:
            start = found[following][1]
            if cost[start] + 1 < best:
                best, begin = cost[start] + 1, start
            following += 1
        cost.append(best)
        cut.append(begin)
    pieces: list[str] = []
    end = len(letters)
    while end:
        pieces.append(letters[cut[end] : end])
        end = cut[end]
    return pieces[::-1]
