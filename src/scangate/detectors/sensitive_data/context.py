"""Which words stand near a value: the rule's own keywords, hints, and words that say it is some other number.

Words count within 200 characters before and 60 behind; in a table, the header cell of the value's column counts too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence, Set
from typing import Final

import numpy as np

from scangate.matching.literals import Keyword, KeywordFinder, Occurrences, WordMask, lower_same_length
from scangate.matching.patterns import EncodedText

BEFORE: Final = 200
BEHIND: Final = 60
_OTHER_REACH = 24
_HEADER_LIMIT = 2_000
_LINE_LIMIT = 4_000
_LONGEST_VALUE = 128
_SHORT = 2_000
_NEGATIONS = (
    "not a", "not an", "not my", "not the", "isn't a", "no", "kein", "keine", "no es una", "no es un", "pas une", "pas un",
    "не", "non è una", "non è un", "não é um", "não é uma", "不是", "nicht",
)  # fmt: skip
_FILLERS = frozenset({"", "no", "nr", "num", "number", "id", "is", "was", "code", "№", "n°", "nº", "#", "号", "番号", "は", "是"})


class Surroundings:
    """The keywords near places in one text; remembers what it has looked up. Belongs to one thread."""

    __slots__ = (
        "_cells", "_encoded", "_ends", "_finder", "_header", "_ids", "_negations", "_occurrences", "_others", "_starts", "text",
    )  # fmt: skip

    def __init__(self, text: EncodedText, occurrences: Occurrences, finder: KeywordFinder, others: Set[int]) -> None:
        self.text = text.text
        self._encoded = text
        self._occurrences = occurrences
        self._ids: list[int] = occurrences.ids.tolist()
        self._starts: list[int] = occurrences.starts.tolist()
        self._ends: list[int] = occurrences.ends.tolist()
        self._finder = finder
        self._others = others
        self._negations: dict[int, bool] = {}
        self._header: tuple[str, list[str]] | None = None
        self._cells: dict[int, list[int]] = {}

    def stretches(self, words: WordMask) -> list[tuple[int, int]] | None:
        """Outside of which byte offsets no value has one of the words near it; None where that saves nothing."""
        if len(self.text) <= _SHORT or self._heads_a_column(words):
            return None
        places = self._occurrences.starts_of(words)
        if not len(places):
            return []
        # a keyword ends at most BEFORE before a value begins: its own length comes on top
        lows = (places - (BEHIND + _LONGEST_VALUE)).clip(0)
        highs = (places + (BEFORE + _LONGEST_VALUE)).clip(max=len(self.text))
        gaps = np.flatnonzero(lows[1:] > highs[:-1])
        firsts, lasts = lows[np.append(0, gaps + 1)], highs[np.append(gaps, len(highs) - 1)]
        offsets = (self._encoded.offsets(points).tolist() for points in (firsts, lasts))
        return list(zip(*offsets, strict=True))

    def _heads_a_column(self, words: WordMask) -> bool:
        """Whether one of the words stands in the first line of a table."""
        separator, cells = self._table()
        header = len(separator.join(cells))
        return bool(header) and bool((self._occurrences.starts_of(words)[:1] < header).any())

    def _keyword(self, at: int) -> Keyword:
        return Keyword(self._finder.words[self._ids[at]], self._starts[at], self._ends[at])

    def nearest(self, start: int, end: int, words: Set[int]) -> Keyword | None:
        """The nearest keyword out of `words` that is not negated; a word behind the value counts as twice as far. Where none is
        near, the header cell of the value's column."""
        candidates = []
        high = end + BEHIND
        for at in range(bisect_left(self._starts, start - BEFORE), bisect_left(self._starts, high)):
            if self._ids[at] in words and self._ends[at] <= high:
                distance = start - self._ends[at] if self._ends[at] <= start else 2 * (self._starts[at] - end) + 1
                if distance >= 0:
                    candidates.append((distance, self._starts[at], at))
        for _, _, at in sorted(candidates):
            if not self._negated(self._starts[at]):
                return self._keyword(at)
        return next((Keyword(self._finder.words[index], 0, 0) for index in self._column_header(start) if index in words), None)

    def _negated(self, start: int) -> bool:
        """`not a card`, `kein Passwort`: whether the keyword at `start` is denied."""
        if start not in self._negations:
            ahead = lower_same_length(self.text[max(0, start - 14) : start]).rstrip()
            self._negations[start] = ahead.endswith(_NEGATIONS) and any(
                ahead.endswith(negation) and not ahead[: -len(negation)][-1:].isalpha() for negation in _NEGATIONS
            )
        return self._negations[start]

    def other_number(self, start: int) -> Keyword | None:
        """The word directly before the value that names some other number, as in `order no. 12345`."""
        found = None
        for at in range(bisect_left(self._starts, start - BEFORE), bisect_left(self._starts, start)):
            if self._ids[at] in self._others and start - _OTHER_REACH <= self._ends[at] <= start:
                gap = lower_same_length(self.text[self._ends[at] : start]).strip(" \t:#.=-–(\"'[：")
                if gap in _FILLERS and (found is None or self._ends[at] >= self._ends[found]):
                    found = at
        return None if found is None else self._keyword(found)

    def _table(self) -> tuple[str, list[str]]:
        if self._header is None:
            self._header = _table_header(self.text)
        return self._header

    def _column_header(self, start: int) -> Sequence[int]:
        """The ids of the keywords in the header cell above."""
        separator, cells = self._table()
        if not cells:
            return ()
        line = self.text.rfind("\n", max(0, start - _LINE_LIMIT), start) + 1
        if line == 0:
            return ()
        column = self.text.count(separator, line, start)
        if column >= len(cells):
            return ()
        if column not in self._cells:
            self._cells[column] = self._finder.find(cells[column]).ids.tolist()
        return self._cells[column]


def _table_header(text: str) -> tuple[str, list[str]]:
    """The separator and cells of a first line that heads a table; no cells when it does not look like one."""
    line = text[: max(text.find("\n", 0, _HEADER_LIMIT), 0)]
    if not line:
        return "", []
    separator = max(",;\t|", key=line.count)
    second = text[len(line) + 1 : len(line) + 1 + _LINE_LIMIT].partition("\n")[0]
    if not line.count(separator) or abs(second.count(separator) - line.count(separator)) > 1:
        return "", []
    return separator, line.split(separator)
