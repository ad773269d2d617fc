"""What Unicode says about single characters, as numpy tables over all code points: the ground that folding stands on.

Built once a process from `unicodedata` (so they follow Python's Unicode version) and the shipped confusables table; about 3 MB
and 0.15 s. `character_tables()` is the only way in; the tables are read-only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.matching.offsets import Codes, Flags

CODE_POINTS: Final = 0x110000

# Flags of a character; a table entry is their union.
MAPPED: Final = 1
"""Compatibility-maps to one other character."""
EXPANDS: Final = 2
"""Compatibility-maps to several characters."""
HIDDEN: Final = 4
"""Shows nothing: zero-width, bidi control, tag, variation selector, filler, stray control character."""
JOINING: Final = 8
"""May melt into the character before it: diacritics, Hangul vowels and finals, kana voicing marks."""
MARK: Final = 16
"""A diacritic of any alphabet; folding drops it where it does not compose (strike-through and stacked "zalgo" text)."""
LATIN: Final = 32
LOOKALIKE: Final = 64
"""A letter outside Latin that looks like an ASCII letter."""
LOOSE: Final = 128
"""A look-alike only at a second glance (т, к, м); with LOOKALIKE."""
FOREIGN: Final = 256
"""A letter of an alphabet that is neither Latin nor a look-alike."""
CYRILLIC: Final = 512
TWIN: Final = 1024
"""A Latin letter with a Cyrillic double."""
WORD: Final = 2048
"""Part of a spaced word: letters, marks, digits, underscore; not of scripts that write without spaces."""
PICTOGRAPH: Final = 4096
CASED: Final = 8192
"""Case folding changes it."""
CASED_WIDE: Final = 16384
"""Case folding makes several characters of it."""
LETTER: Final = 32768
"""A letter of any script, ideographs included."""

REPLACEMENT: Final = 0xFFFD
_LARGEST: Final = 0xFFFFFFFF
_LONGEST_EXPANSION: Final = 6
"""Longer compatibility mappings (U+FDFA is one letter for a phrase of 18) stay as they are: they would let text grow."""

_SURVEYED: Final = (range(0x3400), range(0xA000, 0xAC00), range(0xD7B0, 0xD800), range(0xF900, 0x20000), range(0x2F800, 0x2FA20))
_IDEOGRAPHS: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xAC00, 0xD7A4), range(0x20000, 0x32400))
_UNSPACED: Final = (range(0x0E00, 0x0F00), range(0x1000, 0x10A0), range(0x1780, 0x1800), range(0x2E80, 0xA4D0),
                    range(0xF900, 0xFB00), range(0xFF65, 0xFFDD), range(0x1AFF0, 0x1B170))  # fmt: skip
_LATIN: Final = (range(0x41, 0x5B), range(0x61, 0x7B), range(0xC0, 0x2B0), range(0x1D00, 0x1D80), range(0x1E00, 0x1F00),
                 range(0x2C60, 0x2C80), range(0xA720, 0xA800), range(0xAB30, 0xAB70))  # fmt: skip
_MARKS: Final = (range(0x300, 0x370), range(0x483, 0x48A), range(0x1AB0, 0x1B00), range(0x1DC0, 0x1E00), range(0x20D0, 0x2100),
                 range(0xFE20, 0xFE30))  # fmt: skip
_PICTOGRAPHS: Final = (range(0x203C, 0x203D), range(0x2049, 0x204A), range(0x2122, 0x2123), range(0x2139, 0x213A),
                       range(0x2190, 0x2C00), range(0x3030, 0x3031), range(0x303D, 0x303E), range(0x3297, 0x329A),
                       range(0xA9, 0xAA), range(0xAE, 0xAF), range(0x1F000, 0x20000))  # fmt: skip
"""What an emoji sequence may hold before a joiner or a variation selector."""
_HIDDEN: Final = (range(0x00, 0x09), range(0x0E, 0x1B), range(0x1C, 0x20), range(0x7F, 0x85), range(0x86, 0xA0),
                  range(0xAD, 0xAE), range(0x34F, 0x350), range(0x61C, 0x61D), range(0x115F, 0x1161), range(0x17B4, 0x17B6),
                  range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x202A, 0x202F), range(0x2060, 0x2070),
                  range(0x3164, 0x3165), range(0xFE00, 0xFE10), range(0xFEFF, 0xFF00), range(0xFFA0, 0xFFA1),
                  range(0xFFF0, 0xFFFC), range(0x1BCA0, 0x1BCA4), range(0x1D173, 0x1D17B), range(0xE0000, 0xE1000))  # fmt: skip
"""Default-ignorable code points (UAX #44) and control characters; tab, line ends and escape stay."""
_PUNCTUATION: Final = {
    "'": "‘’‚‛′ʼ´", '"': "“”„‟″", "-": "‐‑‒–—―−", " ": "\u1680\u2800", "\n": "\u2028\u2029\u0085", "/": "⁄",
}  # fmt: skip
_CYRILLIC_TWINS: Final = dict(zip("aceopxykABCEHKMOPTXY", "асеорхукАВСЕНКМОРТХУ", strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class CharacterMap:
    """One character for every character, most of them for themselves: kept as differences, whose zeros take no memory."""

    shifts: Codes
    """What to add, modulo 2 ** 32."""

    def __getitem__(self, codes: Codes) -> Codes:
        """The characters that these stand for."""
        return codes + self.shifts[codes]

    def of(self, code: int) -> int:
        """The character that one stands for; `code` may be any code point."""
        return (code + int(self.shifts[code])) & _LARGEST


class _Drafted:
    """A character map that is being made."""

    def __init__(self) -> None:
        self.shifts: Codes = np.zeros(CODE_POINTS, np.uint32)

    def __setitem__(self, code: int, target: int) -> None:
        self.shifts[code] = (target - code) & _LARGEST

    def finished(self) -> CharacterMap:
        self.shifts.flags.writeable = False
        return CharacterMap(self.shifts)


@dataclass(frozen=True, slots=True, eq=False)
class CharacterTables:
    """`flags[c]`, `mapped[c]`, `cased[c]`, `lookalike[c]` and `cyrillic[c]` for every code point c."""

    flags: Flags
    mapped: CharacterMap
    cased: CharacterMap
    lookalike: CharacterMap
    cyrillic: CharacterMap
    expansions: dict[int, str]
    wide_cased: dict[int, str]
    composition: Composition


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Primary composites of Unicode and Hangul syllables as a dense matrix: `pairs[first[a], second[b]]`, 0 where none."""

    first: NDArray[np.uint16]
    second: NDArray[np.uint16]
    pairs: Codes

    def of(self, bases: Codes, joined: Codes) -> Codes:
        last = np.uint32(len(self.first) - 1)
        return self.pairs[self.first[np.minimum(bases, last)], self.second[np.minimum(joined, last)]]


@cache
def character_tables() -> CharacterTables:
    flags = np.zeros(CODE_POINTS, np.uint16)
    mapped, cased = _Drafted(), _Drafted()
    expansions: dict[int, str] = {}
    wide_cased: dict[int, str] = {}
    composites: dict[tuple[int, int], int] = {}
    for code, char in _assigned():
        _survey_normal_form(code, char, mapped, expansions, composites)
        _survey_case(code, char, cased, wide_cased)
        category = unicodedata.category(char)
        flags[code] = (LETTER | WORD | FOREIGN) if category[0] == "L" else WORD if category[0] in "MN" else 0
    _own_mappings(mapped, expansions)
    for block in _IDEOGRAPHS:
        flags[block] = LETTER
    _mark_scripts(flags)
    lookalike, cyrillic = _lookalikes(flags, mapped)
    composition = _composition(composites, flags)
    hidden = _all_of(_HIDDEN)
    for surrogate in range(0xD800, 0xE000):
        mapped[surrogate] = REPLACEMENT
    flags[np.flatnonzero(mapped.shifts)] |= MAPPED
    flags[list(expansions)] |= EXPANDS
    flags[np.flatnonzero(cased.shifts)] |= CASED
    flags[list(wide_cased)] |= CASED | CASED_WIDE
    flags[hidden] = HIDDEN
    flags.flags.writeable = False
    return CharacterTables(
        flags,
        mapped.finished(),
        cased.finished(),
        lookalike.finished(),
        cyrillic.finished(),
        expansions,
        wide_cased,
        composition,
    )


def _assigned() -> Iterator[tuple[int, str]]:
    for block in _SURVEYED:
        for code in block:
            char = chr(code)
            if unicodedata.category(char) != "Cn":
                yield code, char


def _all_of(blocks: Iterable[range]) -> NDArray[np.int64]:
    return np.concatenate([np.arange(block.start, block.stop) for block in blocks])


def _survey_normal_form(
    code: int, char: str, mapped: _Drafted, expansions: dict[int, str], composites: dict[tuple[int, int], int]
) -> None:
    normal = unicodedata.normalize("NFKC", char)
    if normal == char:
        decomposition = unicodedata.decomposition(char)
        if decomposition and decomposition[0] != "<" and " " in decomposition:
            first, second = decomposition.split()
            composites[int(first, 16), int(second, 16)] = code
    elif len(normal) == 1:
        mapped[code] = ord(normal)
    elif normal[0] != " " and len(normal) <= _LONGEST_EXPANSION:
        expansions[code] = normal


def _survey_case(code: int, char: str, cased: _Drafted, wide_cased: dict[int, str]) -> None:
    folded = char.casefold()
    if folded == char:
        return
    folded = unicodedata.normalize("NFKC", folded)
    if len(folded) > 1:
        folded = "".join(part for part in folded if not any(ord(part) in block for block in _MARKS)) or folded
    if len(folded) == 1:
        cased[code] = ord(folded)
    else:
        wide_cased[code] = folded


def _own_mappings(mapped: _Drafted, expansions: dict[int, str]) -> None:
    """What NFKC leaves alone and a reader takes for ASCII: typographic marks, squared and flag letters."""
    for target, sources in _PUNCTUATION.items():
        for source in sources:
            mapped[ord(source)] = ord(target)
            expansions.pop(ord(source), None)
    for code, text in expansions.items():
        expansions[code] = text.replace("\u2044", "/")
    for start in (0x1F150, 0x1F170, 0x1F1E6):
        for letter in range(26):
            mapped[start + letter] = ord("A") + letter


def _mark_scripts(flags: Flags) -> None:
    latin, unspaced = _all_of(_LATIN), _all_of(_UNSPACED)
    latin = latin[(flags[latin] & LETTER) != 0]
    flags[latin] = (flags[latin] & ~np.uint16(FOREIGN)) | LATIN
    flags[unspaced] &= ~np.uint16(WORD | FOREIGN)
    flags[0x400:0x530] |= np.where(flags[0x400:0x530] & LETTER, CYRILLIC, 0).astype(np.uint16)
    flags[_all_of(_MARKS)] |= MARK | JOINING | WORD
    flags[_all_of(_PICTOGRAPHS)] |= PICTOGRAPH
    flags[ord("_")] |= WORD


def _lookalikes(flags: Flags, mapped: _Drafted) -> tuple[_Drafted, _Drafted]:
    lookalike, cyrillic = _Drafted(), _Drafted()
    for line in resources.files("scangate.matching").joinpath("data/confusables.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        target, kind, *sources = line.split(" ")
        codes = [ord(source) for source in sources]
        table = mapped if kind == "latin" else lookalike
        for code in codes:
            table[code] = ord(target)
        if kind != "latin":
            flags[codes] = (flags[codes] & ~np.uint16(FOREIGN)) | LOOKALIKE | (LOOSE if kind == "loose" else 0)
    for latin, twin in _CYRILLIC_TWINS.items():
        cyrillic[ord(latin)] = ord(twin)
        flags[ord(latin)] |= TWIN
    return lookalike, cyrillic


def _composition(composites: dict[tuple[int, int], int], flags: Flags) -> Composition:
    for block in range(0xAC00, 0xD7A4, 28):
        lead, vowel = divmod((block - 0xAC00) // 28, 21)
        composites[0x1100 + lead, 0x1161 + vowel] = block
        for final in range(1, 28):
            composites[block, 0x11A7 + final] = block + final
    keys = np.array(list(composites))
    firsts, seconds = np.unique(keys[:, 0]), np.unique(keys[:, 1])
    size = int(keys.max()) + 2
    first, second = np.zeros(size, np.uint16), np.zeros(size, np.uint16)
    first[firsts] = np.arange(1, len(firsts) + 1)
    second[seconds] = np.arange(1, len(seconds) + 1)
    pairs = np.zeros((len(firsts) + 1, len(seconds) + 1), np.uint32)
    pairs[first[keys[:, 0]], second[keys[:, 1]]] = list(composites.values())
    flags[seconds] |= JOINING
    return Composition(first, second, pairs)
