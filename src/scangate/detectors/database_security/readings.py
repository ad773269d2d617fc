"""Readings of a view: its text as bytes, and the same with splitting tricks undone (`SEL/**/ECT`, `'DR' + 'OP'`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Sequence
from typing import Final

from scangate.detectors.database_security.effort import Effort
from scangate.detectors.database_security.patterns import pattern
from scangate.domain.content import Span
from scangate.matching.patterns import EncodedText
from scangate.matching.views import Segment, View

_MAX_CUTS: Final = 20_000
_STRETCH: Final = 512
_BEFORE: Final = 2048
_BEHIND: Final = 4096
_SPLIT: Final = rb"[a-z](?:/\*(?:[^*]|\*+[^*/]){0,40}\*+/[a-z]|[\"']\s{0,4}(?:\+|\|\|)\s{0,4}[\"'][a-z])"
_SPLITTING: Final = rb"/\*(?:[^*]|\*+[^*/]){0,40}\*+/|[\"']\s{0,4}(?:\+|\|\|)\s{0,4}[\"']"


class ViewReading:
    """A view, encoded once. Belongs to one scan.

    `cased` is the part as sent, for a case-folded view: capitals are evidence, so they are looked up there. Such a view is new
    only near the places where folding did more than change the case.
    """

    __slots__ = ("_cased", "_changes", "_encoded", "_view", "flat")

    def __init__(self, view: View, cased: str | None = None) -> None:
        self._view = view
        self._cased = cased
        self._changes = None if cased is None else _changes(view, cased)
        self._encoded = EncodedText(view.text)
        self.flat = self._encoded.data.decode("latin-1")

    @property
    def data(self) -> bytes:
        return self._encoded.data

    def to_raw(self, start: int, end: int) -> Span:
        return self._view.to_raw(self._encoded.point(start), self._encoded.point(end))

    def is_new(self, start: int, end: int) -> bool:
        if self._changes is None:
            return True
        index = bisect_right(self._changes, (start, start))
        is_inside = index > 0 and self._changes[index - 1][1] > start
        return is_inside or (index < len(self._changes) and self._changes[index][0] < end)

    def far_from_changes(self) -> list[tuple[int, int]]:
        """The byte ranges that no statement which is new here reaches."""
        return [] if self._changes is None else _far_from(self._changes, len(self.data))

    @property
    def is_changed(self) -> bool:
        """Whether anything at all is new here."""
        return self._changes is None or bool(self._changes)

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


def _changes(view: View, cased: str) -> list[tuple[int, int]]:
    """The byte ranges of a folded view, in stretches of `_STRETCH` characters, that differ from the part as sent by more than case."""
    text, changes, offset = view.text, [], 0
    for at in range(0, len(text), _STRETCH):
        piece = text[at : at + _STRETCH]
        size = len(piece) if piece.isascii() else len(piece.encode("utf-8", "surrogatepass"))
        span = view.to_raw(at, at + len(piece))
        sent = cased[span.start : span.end]
        if piece != (sent.lower() if sent.isascii() else sent.casefold()):
            changes.append((offset, offset + size))
        offset += size
    return changes


class SplicedReading:
    """A reading without some byte ranges; every offset still maps to the raw text.

    `joints` are the ranges among `cuts` that split a word; the others only leave out what is far from any of them.
    """

    __slots__ = ("_base", "_joints", "_kept_from", "_spliced_from", "data", "flat")

    def __init__(self, base: ViewReading, cuts: Sequence[tuple[int, int]], joints: Container[tuple[int, int]]) -> None:
        self._base = base
        self._spliced_from = [0]
        self._kept_from = [0]
        self._joints: list[int] = []
        pieces, at, length = [], 0, 0
        for cut in cuts:
            start, end = cut
            pieces.append(base.data[at:start])
            length += start - at
            at = end
            self._spliced_from.append(length)
            self._kept_from.append(end)
            if cut in joints:
                self._joints.append(length)
        pieces.append(base.data[at:])
        self.data = b"".join(pieces)
        self.flat = self.data.decode("latin-1")

    def is_new(self, start: int, end: int) -> bool:
        if not self._joints:
            return self._base.is_new(self._origin(start), self._origin(min(end, len(self.data)) - 1) + 1)
        index = bisect_right(self._joints, start)
        return index < len(self._joints) and self._joints[index] < end

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


def neighbourhood(base: ViewReading) -> ViewReading | SplicedReading:
    """The reading without what no statement over a change reaches; itself where that is little."""
    cuts = base.far_from_changes()
    if 2 * sum(end - start for start, end in cuts) < len(base.data):
        return base
    return SplicedReading(base, cuts, frozenset())


def joined(base: ViewReading, effort: Effort) -> SplicedReading | None:
    """The reading without the comments and concatenations that split words; None where nothing is split.

    A text that is split more than `_MAX_CUTS` times is joined that far, and the scan is incomplete.
    """
    data = base.data
    if b"*/" not in data and b"+" not in data and b"||" not in data:
        return None
    if pattern(_SPLIT).search(data) is None:
        return None
    joints: list[tuple[int, int]] = []
    for match in pattern(_SPLITTING).finditer(data):
        if len(joints) >= _MAX_CUTS:
            effort.is_incomplete = True
            break
        joints.append(match.span())
    return SplicedReading(base, sorted((*joints, *_far_from(joints, len(data)))), frozenset(joints)) if joints else None


def _far_from(places: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """The ranges that no statement over one of the places reaches. The places are in order and do not overlap."""
    ranges: list[tuple[int, int]] = []
    at = 0
    for start, end in places:
        if start - _BEFORE > at:
            ranges.append((at, start - _BEFORE))
        at = end + _BEHIND
    if at < size:
        ranges.append((at, size))
    return ranges
