"""Keywords in text by Aho-Corasick: whole words in any of the supported scripts, in one pass for thousands of words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

_FIRST_WITHOUT_SPACES = "\u2e80"
"""From here on (CJK, kana, Hangul, full-width forms) scripts do not separate words by spaces."""
_JOINED_MINIMUM = 8
_CHECKED_HITS = 5_000


@dataclass(frozen=True, slots=True)
class Keyword:
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
    if not any("\u00c0" <= char <= "\u024f" for char in word):
        return word
    decomposed = unicodedata.normalize("NFD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _joins(char: str) -> bool:
    return char < _FIRST_WITHOUT_SPACES and char.isalnum()


class KeywordFinder:
    """Finds keywords as whole words, ignoring case; a trailing `*` in a keyword makes it a stem (`паспорт*` finds `паспорта`).

    Linear in the text and its hits.
    """

    __slots__ = ("_automaton", "_stem", "_words")

    def __init__(self, words: Iterable[str]) -> None:
        entries: dict[tuple[str, bool], str] = {}
        for word in words:
            stem = word.endswith("*")
            for spelling in spellings(word.rstrip("*")):
                entries.setdefault((spelling, stem), word)
        self._words = tuple(entries.values())
        self._stem = tuple(stem for _, stem in entries)
        self._automaton = AhoCorasick([spelling for spelling, _ in entries]) if entries else None

    def present(self, text: str) -> set[str]:
        """The keywords that occur. Of a text with very many hits it may name others that only occur inside words: which is enough
        to tell what cannot matter, and cheaper."""
        hits, lowered = self._hits(text)
        if len(hits) > _CHECKED_HITS:
            return {self._words[index] for index in {hit[0] for hit in hits}}
        return {self._words[hit[0]] for hit in hits if self._is_whole(lowered, *hit)}

    def find(self, text: str) -> list[Keyword]:
        """Every occurrence, overlapping ones too, by end offset."""
        hits, lowered = self._hits(text)
        return [Keyword(self._words[hit[0]], hit[1], hit[2]) for hit in hits if self._is_whole(lowered, *hit)]

    def _hits(self, text: str) -> tuple[list[tuple[int, int, int]], str]:
        if self._automaton is None:
            return [], ""
        lowered = lower_same_length(text)
        return self._automaton.find_matches_as_indexes(lowered, overlapping=True), lowered

    def _is_whole(self, lowered: str, index: int, start: int, end: int) -> bool:
        if start > 0 and _joins(lowered[start - 1]) and _joins(lowered[start]):
            return False
        return self._stem[index] or end >= len(lowered) or not (_joins(lowered[end]) and _joins(lowered[end - 1]))
