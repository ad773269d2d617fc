"""Regular expressions over untrusted text: google-re2 only, one prefilter for many patterns, spans for those that hit.

A text is encoded once; matching runs on bytes (the `str` interface of google-re2 encodes anew on every call) and offsets are
translated to code points only where a match was kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import re2

from scangate.errors import ConfigurationError

_SET_MEMORY_BYTES = 16 << 20
_PATTERN_MEMORY_BYTES = 4 << 20
_SHORT_BYTES = 512
_DENSE_DIGITS = 0.15
_DIGITS = b"0123456789"


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
    def digit_share(self) -> float:
        """ASCII digits per byte, 0 to 1."""
        if not self.data:
            return 0.0
        return 1.0 - len(self.data.translate(None, _DIGITS)) / len(self.data)


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


class PatternSet:
    """Many patterns, compiled once, used from several threads.

    Patterns are re2 syntax over UTF-8. Each should begin with `\\b`, a literal or a rare character: a class that may start
    anywhere (`[a-z0-9]{20,}`) multiplies the states of the shared automaton.

    Raises:
        ConfigurationError: a pattern that re2 refuses (look-around, back-references, a repeat above 1000).
    """

    def __init__(self, expressions: Sequence[str], *, case_sensitive: bool = True) -> None:
        self.expressions = tuple(expressions)
        self._patterns = [_compile(expression, case_sensitive) for expression in self.expressions]
        self._set = re2.Set.SearchSet(_options(_SET_MEMORY_BYTES, case_sensitive))
        for expression in self.expressions:
            self._set.Add(expression)
        if self.expressions:
            self._set.Compile()

    def __len__(self) -> int:
        return len(self.expressions)

    def matching(self, text: EncodedText, among: Sequence[int] | None = None) -> list[int]:
        """The indices of the patterns that match anywhere, ascending; `among` restricts them.

        One pass of the shared automaton, except where it would build a new state for nearly every byte (long text, mostly
        digits): there one pass for each pattern, which is slower on ordinary text and linear on any.
        """
        if not self.expressions or not text.data:
            return []
        wanted = range(len(self._patterns)) if among is None else among
        if len(text.data) > _SHORT_BYTES and text.digit_share > _DENSE_DIGITS:
            return [index for index in wanted if self._patterns[index].search(text.data) is not None]
        hits = set(self._set.Match(text.data) or ())
        return sorted(hits.intersection(wanted))

    def search(self, index: int, text: EncodedText, position: int = 0) -> PatternMatch | None:
        """The first match of one pattern at or after byte `position`."""
        pattern = self._patterns[index]
        match = pattern.search(text.data, position)
        if match is None:
            return None
        start, end = match.span()
        after = max(end, start + 1)
        if pattern.groups and match.start(1) >= 0:
            start, end = match.span(1)
        return PatternMatch(text.point(start), text.point(end), _first_token_end(text.data, match.start(), after), after)


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
