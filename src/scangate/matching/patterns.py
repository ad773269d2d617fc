"""Regular expressions over untrusted text: google-re2 only, one prefilter for many patterns, spans for those that hit.

A text is encoded once; matching runs on bytes (the `str` interface of google-re2 encodes anew on every call) and offsets are
translated to code points only where a match was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import re2

from scangate.errors import ConfigurationError

_SET_MEMORY_BYTES = 16 << 20
_PATTERN_MEMORY_BYTES = 4 << 20
_SHORT_BYTES = 512
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

    @property
    def broken_digits(self) -> float:
        """How much of the text is one separator between two digits, 0 to 0.5 by bytes: `12-34 56.7` has 3 in 10."""
        if len(self.data) < 3 or len(self.data.translate(None, _DIGITS)) > (1 - 2 * _DENSE) * len(self.data):
            return 0.0
        octets = np.frombuffer(self.data, dtype=np.uint8)
        digits = (octets >= _ZERO) & (octets <= _NINE)
        separators = (octets == 0x20) | ((octets >= 0x2D) & (octets <= 0x2F))
        return float(np.count_nonzero(digits[:-2] & separators[1:-1] & digits[2:])) / len(self.data)


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """Where a pattern matched: `start` and `end` are those of its first capturing group if it has one, in code points.

    `resume` is the byte offset at which a caller who refused the match should go on: after the first token of the match, so that
    a number behind a refused one is not swallowed. `after` is the byte offset behind the whole match.
    """

    start: int
    end: int
    resume: int
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
        self._patterns = [_compile(expression, case_sensitive) for expression in self.expressions]
        self._has_group = [bool(pattern.groups) for pattern in self._patterns]
        unions: dict[str, list[int]] = {}
        self._grouped: list[int] = []
        for index, family in enumerate(families or [Family.NUMBERS] * len(self.expressions)):
            if family is Family.NUMBERS and _has_separator(self.expressions[index]):
                self._grouped.append(index)
            else:
                unions.setdefault(family, []).append(index)
        self._unions = [_Union(self.expressions, indices, case_sensitive) for indices in unions.values()]
        self._grouped_union = _Union(self.expressions, self._grouped, case_sensitive)

    def __len__(self) -> int:
        return len(self.expressions)

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
            hits += [i for i in self._grouped if i in chosen and self._patterns[i].search(text.data) is not None]
        else:
            hits += self._grouped_union.matching(text.data)
        return sorted(hits)

    def search(self, index: int, text: EncodedText, position: int = 0) -> PatternMatch | None:
        """The first match of one pattern at or after byte `position`."""
        match = self._patterns[index].search(text.data, position)
        if match is None:
            return None
        first, last = match.span()
        after = max(last, first + 1)
        start, end = match.span(1) if self._has_group[index] else (first, last)
        if start < 0:
            start, end = first, last
        return PatternMatch(text.point(start), text.point(end), _first_token_end(text.data, first, after), after)


class _Union:
    """Some patterns of a list in one automaton."""

    __slots__ = ("_set", "indices")

    def __init__(self, expressions: Sequence[str], indices: Sequence[int], case_sensitive: bool) -> None:
        self.indices = tuple(indices)
        self._set = re2.Set.SearchSet(_options(_SET_MEMORY_BYTES, case_sensitive))
        for index in indices:
            self._set.Add(expressions[index])
        if indices:
            self._set.Compile()

    def matching(self, data: bytes) -> list[int]:
        if not self.indices:
            return []
        return [self.indices[hit] for hit in self._set.Match(data) or ()]


def _has_separator(expression: str) -> bool:
    """Whether something other than letters and digits may stand between the digits of a match."""
    plain = re2.sub(r"\\[bdx]|[A-Za-z0-9]-[A-Za-z0-9]|[0-9A-Za-z]|[\[\]{}()?|,:]", "", expression)
    return any(mark in plain for mark in " -./")


def _compile(expression: str, case_sensitive: bool) -> re2._Regexp:
    try:
        return re2.compile(expression.encode(), options=_options(_PATTERN_MEMORY_BYTES, case_sensitive))
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        detail = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ConfigurationError(f"pattern {expression!r} is not valid re2 syntax: {detail}") from None


def _first_token_end(data: bytes, start: int, end: int) -> int:
    cuts = [at for at in (data.find(b" ", start + 1, end), data.find(b"-", start + 1, end)) if at > 0]
    return min(cuts, default=end)
