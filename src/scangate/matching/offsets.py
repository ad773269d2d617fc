"""Offset maps of views: from code points of a derived text back to the text it was derived from.

`Identity` stands in `views`; here are the maps that shift, cover, mirror, align and chain. All answer in constant time, accept
any `0 <= start <= end <= len(view)`, and are monotone: a wider range of the view never maps to a narrower range of the source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scangate.domain.content import Span
from scangate.matching.views import Identity, OffsetMap

Codes = NDArray[np.uint32]
"""Code points of a text, one element each."""
Flags = NDArray[np.uint16]
"""One union of flags of `characters` for each code point."""
Offsets = NDArray[np.int32]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shifted:
    """A view that equals a stretch of its source which begins at `base`."""

    base: int

    def to_raw(self, start: int, end: int) -> Span:
        return Span(self.base + start, self.base + end)


@dataclass(frozen=True, slots=True)
class Coarse:
    """A view whose every range comes from one whole stretch of the source, as with base64."""

    span: Span

    def to_raw(self, start: int, end: int) -> Span:  # noqa: ARG002 - the protocol's names
        return self.span


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A view that is the stretch `span` of its source read backwards."""

    span: Span

    def to_raw(self, start: int, end: int) -> Span:
        return Span(self.span.end - end, self.span.end - start)


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """One source range per code point of the view: `[starts[i], ends[i])`, both arrays nondecreasing.

    `length` is the length of the source: where an empty range at the very end of the view maps to.
    """

    starts: Offsets
    ends: Offsets
    length: int

    def to_raw(self, start: int, end: int) -> Span:
        if start < end:
            return Span(int(self.starts[start]), int(self.ends[end - 1]))
        at = int(self.starts[start]) if start < len(self.starts) else self.length
        return Span(at, at)


@dataclass(frozen=True, slots=True, eq=False)
class Permuted:
    """One source range per code point in no particular order, as when each word is reversed in place."""

    starts: Offsets
    length: int

    def to_raw(self, start: int, end: int) -> Span:
        if start < end:
            piece = self.starts[start:end]
            return Span(int(piece.min()), int(piece.max()) + 1)
        at = int(self.starts[start]) if start < len(self.starts) else self.length
        return Span(at, at)


@dataclass(frozen=True, slots=True)
class Chained:
    """A view of a view: `inner` maps to the text that `outer` maps to the raw text."""

    inner: OffsetMap
    outer: OffsetMap

    def to_raw(self, start: int, end: int) -> Span:
        between = self.inner.to_raw(start, end)
        return self.outer.to_raw(between.start, between.end)


def chained(inner: OffsetMap, outer: OffsetMap) -> OffsetMap:
    """`inner` then `outer`, without a link for what does nothing."""
    if isinstance(outer, Identity):
        return inner
    if isinstance(inner, Identity):
        return outer
    return Chained(inner, outer)
