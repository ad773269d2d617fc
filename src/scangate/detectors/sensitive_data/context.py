"""Which words stand near a value: the rule's own keywords, hints, and words that say it is some other number.

Words count within 120 characters before and 60 behind; in a table, the header cell of the value's column counts too.
"""

from __future__ import annotations

from collections.abc import Set
from operator import itemgetter
from typing import Final

from scangate.matching.literals import Keyword, KeywordFinder, lower_same_length

BEFORE: Final = 120
BEHIND: Final = 60
_OTHER_REACH = 24
_HEADER_LIMIT = 2_000
_LINE_LIMIT = 4_000
_REMEMBERED = 5_000
_NEGATIONS = (
    "not a", "not an", "not my", "not the", "isn't a", "no", "kein", "keine", "no es una", "no es un", "pas une", "pas un",
    "не", "non è una", "non è un", "não é um", "não é uma", "不是", "nicht",
)  # fmt: skip
_FILLERS = frozenset({"", "no", "nr", "num", "number", "id", "is", "was", "code", "№", "n°", "nº", "#", "号", "番号", "は", "是"})


class Surroundings:
    """The keywords near places in one text; remembers what it has looked up. Belongs to one thread."""

    __slots__ = ("_cells", "_finder", "_header", "_known", "_negations", "_others", "text")

    def __init__(self, text: str, finder: KeywordFinder, others: Set[str]) -> None:
        self.text = text
        self._finder = finder
        self._others = others
        self._known: dict[tuple[int, int], tuple[Keyword, ...]] = {}
        self._negations: dict[int, bool] = {}
        self._header: tuple[str, list[str]] | None = None
        self._cells: dict[int, tuple[Keyword, ...]] = {}

    def near(self, start: int, end: int) -> tuple[Keyword, ...]:
        """All keywords in the window around `[start, end)`, in code points of the text."""
        known = self._known.get((start, end))
        if known is not None:
            return known
        low, high = max(0, start - BEFORE), min(len(self.text), end + BEHIND)
        # the window may begin or end inside a word; the value itself is no word
        low_cut = low > 0 and self.text[low - 1].isascii() and self.text[low - 1].isalnum()
        window = self.text[low:start] + "\n" * (end - start) + self.text[end:high]
        keywords = tuple(
            Keyword(found.word, low + found.start, low + found.end)
            for found in self._finder.find(window)
            if found.start > 0 or not low_cut
        )
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known[start, end] = keywords
        return keywords

    def nearest(self, start: int, end: int, words: Set[str]) -> Keyword | None:
        """The nearest keyword out of `words` that is not negated; a word behind the value counts as twice as far. Where none is
        near, the header cell of the value's column."""
        candidates = []
        for keyword in self.near(start, end):
            if keyword.word in words:
                distance = start - keyword.end if keyword.end <= start else 2 * (keyword.start - end) + 1
                if distance >= 0:
                    candidates.append((distance, keyword.start, keyword))
        for _, _, keyword in sorted(candidates, key=itemgetter(0, 1)):
            if not self._negated(keyword):
                return keyword
        return next((keyword for keyword in self._column_header(start) if keyword.word in words), None)

    def _negated(self, keyword: Keyword) -> bool:
        """`not a card`, `kein Passwort`."""
        if keyword.start not in self._negations:
            ahead = lower_same_length(self.text[max(0, keyword.start - 14) : keyword.start]).rstrip()
            self._negations[keyword.start] = ahead.endswith(_NEGATIONS) and any(
                ahead.endswith(negation) and not ahead[: -len(negation)][-1:].isalpha() for negation in _NEGATIONS
            )
        return self._negations[keyword.start]

    def other_number(self, start: int, end: int) -> Keyword | None:
        """The word directly before the value that names some other number, as in `order no. 12345`."""
        found = None
        for keyword in self.near(start, end):
            if keyword.word in self._others and start - _OTHER_REACH <= keyword.end <= start:
                gap = lower_same_length(self.text[keyword.end : start]).strip(" \t:#.=-–(\"'[：")
                if gap in _FILLERS:
                    found = keyword
        return found

    def _column_header(self, start: int) -> tuple[Keyword, ...]:
        if self._header is None:
            self._header = _table_header(self.text)
        separator, cells = self._header
        if not cells:
            return ()
        line = self.text.rfind("\n", max(0, start - _LINE_LIMIT), start) + 1
        if line == 0:
            return ()
        column = self.text.count(separator, line, start)
        if column >= len(cells):
            return ()
        if column not in self._cells:
            self._cells[column] = tuple(Keyword(found.word, 0, 0) for found in self._finder.find(cells[column]))
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
