"""Keywords in text by Aho-Corasick: whole words in any of the supported scripts, in one pass for thousands of words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from ahocorasick_rs import AhoCorasick

WordMask = npt.NDArray[np.bool_]
"""One element per keyword of a finder: `KeywordFinder.mask`."""

_FIRST_WITHOUT_SPACES = "\u2e80"
"""From here on (CJK, kana, Hangul, full-width forms) scripts do not separate words by spaces."""
_JOINED_MINIMUM = 8
_FEW = 1000
_BLOCK = 1 << 18
"""Code points that the automaton reads at a time: its hits are Python objects, 100 bytes each, until they are sifted."""


class Keyword(NamedTuple):
    """A keyword as it stands in the list (never as the text spells it), and where it was found."""

    word: str
    start: int
    end: int


def lower_same_length(text: str) -> str:
    """Lower case with the same number of code points, so that offsets stay true (`İ` alone would grow)."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def spellings(word: str) -> Iterator[str]:
    """The ways in which people write a keyword: with and without accents, ё as е, words joined by space, `_`, `-` or nothing."""
    lowered = word.lower()
    for base in dict.fromkeys((lowered, _without_accents(lowered), lowered.replace("ё", "е"))):
        yield base
        if " " in base:
            yield base.replace(" ", "_")
            yield base.replace(" ", "-")
            if len(base) >= _JOINED_MINIMUM:
                yield base.replace(" ", "")


def _without_accents(word: str) -> str:
    if word.isascii() or not any("\u00c0" <= char <= "\u024f" for char in word):
        return word
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _joins(char: str) -> bool:
    return char < _FIRST_WITHOUT_SPACES and char.isalnum()


_JOINING: Final = np.array([_joins(chr(code)) for code in range(ord(_FIRST_WITHOUT_SPACES))] + [False])


def _joining(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Whether these characters belong to a word."""
    joining: npt.NDArray[np.bool_] = _JOINING[np.minimum(codes, len(_JOINING) - 1)]
    return joining


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Where the keywords of a finder stand in one text, by start; overlapping ones too. `ids` index `KeywordFinder.words`."""

    ids: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]

    @property
    def present(self) -> set[int]:
        """The ids of the keywords that occur."""
        return set(self.ids.tolist() if len(self.ids) < _FEW else np.unique(self.ids).tolist())

    def starts_of(self, wanted: WordMask) -> npt.NDArray[np.int32]:
        """Where the wanted keywords begin, ascending."""
        return self.starts[wanted[self.ids]]


class KeywordFinder:
    """Finds keywords as whole words, ignoring case; a trailing `*` in a keyword makes it a stem (`паспорт*` finds `паспорта`).

    Linear in the text and its hits.
    """

    __slots__ = ("_automaton", "_ids", "_longest", "_stem", "_word_of", "words")

    def __init__(self, words: Iterable[str]) -> None:
        entries: dict[tuple[str, bool], int] = {}
        self.words = tuple(dict.fromkeys(words))
        self._ids = {word: index for index, word in enumerate(self.words)}
        for index, word in enumerate(self.words):
            stem = word.endswith("*")
            for spelling in spellings(word.rstrip("*")):
                entries.setdefault((spelling, stem), index)
        self._word_of = np.array(list(entries.values()), dtype=np.int32)
        self._stem = np.array([stem for _, stem in entries], dtype=np.bool_)
        self._longest = max((len(spelling) for spelling, _ in entries), default=0)
        self._automaton = AhoCorasick([spelling for spelling, _ in entries]) if entries else None

    def ids(self, words: Iterable[str]) -> frozenset[int]:
        """The ids of words of the list."""
        return frozenset(self._ids[word] for word in words if word in self._ids)

    def mask(self, ids: Iterable[int]) -> WordMask:
        """For `Occurrences.starts_of`."""
        mask = np.zeros(len(self.words), dtype=np.bool_)
        mask[list(ids)] = True
        return mask

    def find(self, text: str) -> Occurrences:
        """Every whole word of the list in the text."""
        lowered = lower_same_length(text)
        blocks = [self._hits(lowered, low) for low in range(0, max(len(text), 1), _BLOCK)]
        hits = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        if len(hits):
            hits = hits[self._whole(lowered, hits)]
            hits = hits[hits[:, 1].argsort(kind="stable")]
        return Occurrences(self._word_of[hits[:, 0]], hits[:, 1], hits[:, 2])

    def _hits(self, lowered: str, low: int) -> npt.NDArray[np.int32]:
        """Rows of spelling, start, end: those that begin in the block at `low`."""
        if self._automaton is None:
            return np.empty((0, 3), dtype=np.int32)
        high = low + _BLOCK
        block = lowered if len(lowered) <= _BLOCK else lowered[low : high + self._longest]
        found = self._automaton.find_matches_as_indexes(block, overlapping=True)
        rows = np.fromiter(chain.from_iterable(found), dtype=np.int32, count=3 * len(found)).reshape(-1, 3)
        rows[:, 1:] += low
        return rows[rows[:, 1] < high]

    def _whole(self, lowered: str, hits: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Which hits neither begin nor end inside a word."""
        # a space on either side of the text ends words there
        codes = np.frombuffer(f" {lowered} ".encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        starts, ends = hits[:, 1], hits[:, 2]
        begins_inside = _joining(codes[starts]) & _joining(codes[starts + 1])
        ends_inside = _joining(codes[ends]) & _joining(codes[ends + 1]) & ~self._stem[hits[:, 0]]
        return ~(begins_inside | ends_inside)
