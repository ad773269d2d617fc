"""Readings of a view: its text as bytes, and the same with splitting tricks undone (`SEL/**/ECT`, `'DR' + 'OP'`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from scangate.detectors.database_security.patterns import pattern
from scangate.domain.content import Span
from scangate.matching.patterns import EncodedText
from scangate.matching.views import Segment, View

_MAX_CUTS: Final = 5000
_MAX_SPLICED_BYTES: Final = 256 << 10
_SPLIT: Final = rb"[a-z](?:/\*(?:[^*]|\*+[^*/]){0,40}\*+/[a-z]|[\"']\s{0,4}(?:\+|\|\|)\s{0,4}[\"'][a-z])"
_SPLITTING: Final = rb"/\*(?:[^*]|\*+[^*/]){0,40}\*+/|[\"']\s{0,4}(?:\+|\|\|)\s{0,4}[\"']"


class ViewReading:
    """A view, encoded once. Belongs to one scan.

    `cased` is the part as sent, for a case-folded view: capitals are evidence, so they are looked up there.
    """

    __slots__ = ("_cased", "_encoded", "_view", "flat")

    def __init__(self, view: View, cased: str | None = None) -> None:
        self._view = view
        self._cased = cased
        self._encoded = EncodedText(view.text)
        self.flat = self._encoded.data.decode("latin-1")

    @property
    def data(self) -> bytes:
        return self._encoded.data

    def to_raw(self, start: int, end: int) -> Span:
        return self._view.to_raw(self._encoded.point(start), self._encoded.point(end))

    @property
    def is_cased(self) -> bool:
        return self._cased is None

    def is_upper(self, start: int, end: int) -> bool:
        if self._cased is None:
            return self.flat[start:end].isupper()
        span = self.to_raw(start, end)
        return self._cased[span.start : span.end].isupper()

    def segments(self, segments: Sequence[Segment]) -> list[tuple[int, int]]:
        """The byte ranges of a JSON part's string values, in order."""
        if len(self._encoded.data) == len(self._encoded.text):
            return [(segment.span.start, segment.span.end) for segment in segments]
        ranges, at, offset = [], 0, 0
        text = self._encoded.text
        for segment in segments:
            start = offset + len(text[at : segment.span.start].encode("utf-8", "surrogatepass"))
            offset = start + len(text[segment.span.start : segment.span.end].encode("utf-8", "surrogatepass"))
            at = segment.span.end
            ranges.append((start, offset))
        return ranges


class SplicedReading:
    """A reading without some byte ranges; every offset still maps to the raw text."""

    __slots__ = ("_base", "_kept_from", "_spliced_from", "data", "flat")

    def __init__(self, base: ViewReading, cuts: Sequence[tuple[int, int]]) -> None:
        self._base = base
        self._spliced_from = [0]
        self._kept_from = [0]
        pieces, at, length = [], 0, 0
        for start, end in cuts:
            pieces.append(base.data[at:start])
            length += start - at
            at = end
            self._spliced_from.append(length)
            self._kept_from.append(end)
        pieces.append(base.data[at:])
        self.data = b"".join(pieces)
        self.flat = self.data.decode("latin-1")

    def to_raw(self, start: int, end: int) -> Span:
        return self._base.to_raw(self._origin(start), self._origin(end - 1) + 1 if end > start else self._origin(end))

    @property
    def is_cased(self) -> bool:
        return self._base.is_cased

    def is_upper(self, start: int, end: int) -> bool:
        return self._base.is_upper(self._origin(start), self._origin(end - 1) + 1)

    def _origin(self, offset: int) -> int:
        index = bisect_right(self._spliced_from, offset) - 1
        return self._kept_from[index] + offset - self._spliced_from[index]


def joined(base: ViewReading) -> SplicedReading | None:
    """The reading without the comments and concatenations that split words; None where nothing is split.

    Only the first quarter of a megabyte is joined: a longer text split all over is no text that somebody runs.
    """
    data = base.data[:_MAX_SPLICED_BYTES]
    if b"*/" not in data and b"+" not in data and b"||" not in data:
        return None
    if pattern(_SPLIT).search(data) is None:
        return None
    cuts: list[tuple[int, int]] = []
    for match in pattern(_SPLITTING).finditer(data):
        cuts.append(match.span())
        if len(cuts) >= _MAX_CUTS:
            break
    return SplicedReading(base, cuts) if cuts else None
