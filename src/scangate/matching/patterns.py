"""Regular expressions over untrusted text: google-re2 only, one prefilter for many patterns, spans for those that hit.

A text is encoded once; matching runs on bytes (the `str` interface of google-re2 encodes anew on every call) and offsets are
translated to code points only where a match was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import re2

from scangate.errors import ConfigurationError

_SET_MEMORY_BYTES = 16 << 20
_PATTERN_MEMORY_BYTES = 4 << 20
_SHORT_BYTES = 512
_LONGEST_NUMBER = 256
"""Bytes that a match may reach past the stretch in which it begins."""
_DENSE = 0.01
_DIGITS = b"0123456789"
_ZERO, _NINE = 0x30, 0x39


class EncodedText:
    """A text, its UTF-8 bytes and the way back from byte offsets to code points. Belongs to one thread."""

    __slots__ = ("_points", "data", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # a lone surrogate (JSON allows "\ud800") must not raise: three bytes that no pattern matches
        self.data = text.encode("utf-8", "surrogatepass")
        self._points: npt.NDArray[np.int32] | None = None

    def point(self, offset: int) -> int:
        """The index of the code point that starts at byte `offset`. The first call on non-ASCII text is O(n), later ones O(1)."""
        if len(self.data) == len(self.text):
            return offset
        if self._points is None:
            octets = np.frombuffer(self.data, dtype=np.uint8)
            leads = (octets & 0xC0) != 0x80
            self._points = np.concatenate(([0], np.cumsum(leads, dtype=np.int32))).astype(np.int32)
        return int(self._points[offset])

    def offsets(self, points: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The byte offsets at which code points start: the way back of `point`."""
        if len(self.data) == len(self.text):
            return points.astype(np.int64)
        self.point(0)
        return np.searchsorted(self._points, points, side="right") - 1 if self._points is not None else points.astype(np.int64)

    @property
    def broken_digits(self) -> float:
        """How much of the text is one separator between two digits, 0 to 0.5 by bytes: `12-34 56.7` has 3 in 10."""
        if len(self.data) < 3 or len(self.data.translate(None, _DIGITS)) > (1 - 2 * _DENSE) * len(self.data):
            return 0.0
        octets = np.frombuffer(self.data, dtype=np.uint8)
        digits = (octets >= _ZERO) & (octets <= _NINE)
        separators = (octets == 0x20) | ((octets >= 0x2D) & (octets <= 0x2F))
        return float(np.count_nonzero(digits[:-2] & separators[1:-1] & digits[2:])) / len(self.data)


class PatternMatch(NamedTuple):
    """Where a pattern matched: `start` and `end` are those of its first capturing group if it has one, in code points; `first` and
    `after` are the byte offsets of the whole match."""

    first: int
    start: int
    end: int
    after: int


def _options(memory_bytes: int, case_sensitive: bool) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory_bytes
    options.case_sensitive = case_sensitive
    return options


class Family(StrEnum):
    """What a pattern is made of. Each family has an automaton of its own: of all together, on text made of digits or random
    characters, nearly every byte would lead to a new state."""

    TOKENS = "tokens"
    """A literal prefix, then a class: `\\bghp_[A-Za-z0-9]{36}`."""
    PHRASES = "phrases"
    """Words, then anything: `password\\s*[:=]\\s*(\\S+)`."""
    NUMBERS = "numbers"
    """Digits and letters of a fixed form, from a word boundary on: `\\b\\d{3}-\\d{2}-\\d{4}\\b`."""


class PatternSet:
    """Many patterns, compiled once, used from several threads: re2 syntax over UTF-8.

    Raises:
        ConfigurationError: a pattern that re2 refuses (look-around, back-references, a repeat above 1000).
    """

    def __init__(
        self, expressions: Sequence[str], families: Sequence[Family] | None = None, *, case_sensitive: bool = True
    ) -> None:
        self.expressions = tuple(expressions)
        self._case_sensitive = case_sensitive
        self._patterns: list[re2._Regexp | None] = [None] * len(self.expressions)
        self._families = tuple(families or [Family.NUMBERS] * len(self.expressions))
        unions: dict[str, list[int]] = {}
        self._grouped: list[int] = []
        for index, family in enumerate(self._families):
            if family is Family.NUMBERS and _has_separator(self.expressions[index]):
                self._grouped.append(index)
            else:
                unions.setdefault(family, []).append(index)
        self._unions = [_Union(self.expressions, indices, case_sensitive) for indices in unions.values()]
        self._grouped_union = _Union(self.expressions, self._grouped, case_sensitive)

    def __len__(self) -> int:
        return len(self.expressions)

    def is_number(self, index: int) -> bool:
        """Whether a pattern's matches are bounded in length."""
        return self._families[index] is Family.NUMBERS

    def matching(self, text: EncodedText, wanted: Callable[[], Collection[int]] | None = None) -> list[int]:
        """The indices of the patterns that match anywhere, ascending; of those that are not in `wanted()` (None: all are), some.

        Numbers with separators are the one family whose automaton grows without end on long text full of digits: there each
        wanted one runs by itself, which is slower on ordinary text and linear on any.
        """
        if not text.data:
            return []
        hits = [hit for union in self._unions for hit in union.matching(text.data)]
        if len(text.data) > _SHORT_BYTES and text.broken_digits > _DENSE:
            chosen = self._grouped if wanted is None else wanted()
            hits += [i for i in self._grouped if i in chosen and self._pattern(i).search(text.data) is not None]
        else:
            hits += self._grouped_union.matching(text.data)
        return sorted(hits)

    def matches(self, index: int, text: EncodedText, stretches: Iterable[tuple[int, int]] | None = None) -> Matches:
        """The matches of one pattern; with `stretches` (byte offsets, ascending, disjoint) only those that begin in one."""
        whole = ((0, len(text.data)),)
        where = whole if stretches is None else stretches
        return Matches(self._pattern(index), text, where, by_group=self.is_number(index))

    def _pattern(self, index: int) -> re2._Regexp:
        """Compiled when it first matches something: a catalogue of hundreds costs half a second at once, and few ever match. Two
        threads may both compile one, to the same effect."""
        pattern = self._patterns[index]
        if pattern is None:
            pattern = self._patterns[index] = _compile(self.expressions[index], self._case_sensitive)
        return pattern


class Matches:
    """The matches of one pattern in one text, from left to right, as far as they are asked for. Belongs to one thread."""

    __slots__ = ("_after", "_by_group", "_found", "_has_group", "_high", "_pattern", "_stretches", "_text")

    def __init__(self, pattern: re2._Regexp, text: EncodedText, stretches: Iterable[tuple[int, int]], *, by_group: bool) -> None:
        self._pattern = pattern
        self._has_group = bool(pattern.groups)
        self._by_group = by_group
        self._text = text
        self._stretches = iter(stretches)
        self._high = self._after = 0
        self._found: Iterator[re2._Match[bytes]] = iter(())

    def next(self) -> PatternMatch | None:
        """The next match, behind the last one."""
        while True:
            for match in self._found:
                first, last = match.span()
                if first >= self._high:
                    break
                return self._translated(match, first, last)
            stretch = next(self._stretches, None)
            if stretch is None:
                return None
            low, self._high = stretch
            self._go_on(max(low, self._after))

    def refuse(self, match: PatternMatch) -> None:
        """The last match is none: go on behind its first group of digits, so that a number behind it is not swallowed.

        Of all but numbers, which are short, go on behind the match as ever: else the time would grow with its length squared.
        """
        if self._by_group:
            found = (self._text.data.find(mark, match.first + 1, match.after) for mark in (b" ", b"-"))
            cut = min((at for at in found if at > 0), default=match.after)
            if cut < match.after:
                self._go_on(cut)

    def narrow(self, stretches: Iterable[tuple[int, int]]) -> None:
        """From here on only matches that begin in one of the stretches (byte offsets, ascending, disjoint)."""
        self._stretches = iter(stretches)
        self._high = 0
        self._found = iter(())

    def _go_on(self, position: int) -> None:
        self._found = self._pattern.finditer(self._text.data, position, min(len(self._text.data), self._high + _LONGEST_NUMBER))

    def _translated(self, match: re2._Match[bytes], first: int, last: int) -> PatternMatch:
        self._after = after = max(last, first + 1)
        start, end = match.span(1) if self._has_group else (first, last)
        if start < 0:
            start, end = first, last
        return PatternMatch(first, self._text.point(start), self._text.point(end), after)


class _Union:
    """Some patterns of a list in one automaton, or in as few as their size allows."""

    __slots__ = ("_sets", "indices")

    def __init__(self, expressions: Sequence[str], indices: Sequence[int], case_sensitive: bool) -> None:
        self.indices = tuple(indices)
        self._sets = list(_compiled_sets(expressions, self.indices, case_sensitive)) if indices else []

    def matching(self, data: bytes) -> list[int]:
        return [indices[hit] for indices, compiled in self._sets for hit in compiled.Match(data) or ()]


def _compiled_sets(
    expressions: Sequence[str], indices: tuple[int, ...], case_sensitive: bool
) -> Iterator[tuple[tuple[int, ...], re2.Set]]:
    """One set of all where that stays within its memory, else two of half of them, and so on."""
    compiled = re2.Set.SearchSet(_options(_SET_MEMORY_BYTES, case_sensitive))
    for index in indices:
        try:
            compiled.Add(expressions[index])
        except re2.error:
            _compile(expressions[index], case_sensitive)
            raise
    try:
        compiled.Compile()
    except re2.error:
        if len(indices) == 1:
            raise ConfigurationError(f"pattern {expressions[indices[0]]!r} is too large") from None
        middle = len(indices) // 2
        for half in (indices[:middle], indices[middle:]):
            yield from _compiled_sets(expressions, half, case_sensitive)
    else:
        yield indices, compiled


_CLASSES: Final = ("b", "d", "x")


def _has_separator(expression: str) -> bool:
    """Whether something other than letters and digits may stand between the digits of a match."""
    taken = 0
    for at, char in enumerate(expression):
        is_class = char == "\\" and at >= taken and expression[at + 1 : at + 2] in _CLASSES
        if is_class or (char == "-" and at > taken and _is_range(expression[at - 1 : at + 2])):
            taken = at + 2
        elif char in " -./":
            return True
    return False


def _is_range(three: str) -> bool:
    """Whether a hyphen stands between two letters or digits, as in a class."""
    return len(three) == 3 and three.isascii() and three[0].isalnum() and three[2].isalnum()


def _compile(expression: str, case_sensitive: bool) -> re2._Regexp:
    try:
        return re2.compile(expression.encode(), options=_options(_PATTERN_MEMORY_BYTES, case_sensitive))
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        detail = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ConfigurationError(f"pattern {expression!r} is not valid re2 syntax: {detail}") from None
