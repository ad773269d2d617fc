"""The readings of a part that are judged: what a reader sees, and what was hidden in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching.folding import clean, fold
from scangate.matching.views import OffsetMap, PreparedText, Segment, View

COVERT: Final = frozenset(Encoding) - {Encoding.URL, Encoding.HTML, Encoding.UNICODE_ESCAPE}
"""Encodings that ordinary software does not wrap sentences in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A folded text with its way back to the raw part."""

    folded: str
    offsets: OffsetMap
    encodings: tuple[Encoding, ...] = ()

    @property
    def covert(self) -> bool:
        return any(encoding in COVERT for encoding in self.encodings)


@dataclass(frozen=True, slots=True)
class _Joined:
    """Maps a text joined of segments, one a line, to the raw part."""

    starts: tuple[int, ...]
    segments: tuple[Segment, ...]
    raw: View
    inner: OffsetMap

    def to_raw(self, start: int, end: int) -> Span:
        place = self.inner.to_raw(start, end)
        return self.raw.to_raw(self._at(place.start), self._at(max(place.end - 1, place.start)) + 1)

    def _at(self, offset: int) -> int:
        index = max(bisect_right(self.starts, offset) - 1, 0)
        span = self.segments[index].span
        return min(span.start + offset - self.starts[index], max(span.end - 1, span.start))


def readings(text: PreparedText) -> Iterator[Reading]:
    """The visible text first: of a JSON part its string values, one a line. Then everything decoded."""
    yield _of_segments(text) if text.segments else Reading(text.folded.text, text.folded.offsets)
    for view in text.decoded:
        cleaned = fold(clean(view.text))
        yield Reading(cleaned.text, _Chained(cleaned.offsets, view.offsets), view.encodings)


def _of_segments(text: PreparedText) -> Reading:
    values = [text.raw.text[segment.span.start : segment.span.end] for segment in text.segments]
    starts = tuple(accumulate((len(value) + 1 for value in values[:-1]), initial=0))
    cleaned = fold(clean("\n".join(values)))
    return Reading(cleaned.text, _Joined(starts, text.segments, text.raw, cleaned.offsets))


@dataclass(frozen=True, slots=True)
class _Chained:
    inner: OffsetMap
    outer: OffsetMap

    def to_raw(self, start: int, end: int) -> Span:
        place = self.inner.to_raw(start, end)
        return self.outer.to_raw(place.start, place.end)
