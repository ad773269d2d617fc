"""The readings of a part that models judge: what a reader sees, and everything that was hidden in it.

A view is evidence for patterns; a reading is text for a model: cleaned, in its own case, and of a JSON part only the string values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching.folding import Cleaned, clean, fold
from scangate.matching.offsets import chained
from scangate.matching.views import Identity, OffsetMap, PreparedText, Segment, View

COVERT: Final = frozenset(Encoding) - {Encoding.URL, Encoding.HTML, Encoding.UNICODE_ESCAPE}
"""Encodings that ordinary software does not wrap sentences in."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its way back to the raw part. `encodings` were undone, outermost first; none for what a reader sees."""

    text: str
    offsets: OffsetMap
    encodings: tuple[Encoding, ...] = ()

    @property
    def is_visible(self) -> bool:
        return not self.encodings

    @property
    def covert(self) -> bool:
        return any(encoding in COVERT for encoding in self.encodings)

    def folded(self) -> Cleaned:
        """The text without case, with its way back to `text`."""
        return fold(Cleaned(self.text, Identity()))


@dataclass(frozen=True, slots=True)
class _Joined:
    """Maps a text joined of segments, one a line, to the raw part."""

    starts: tuple[int, ...]
    segments: tuple[Segment, ...]
    raw: View

    def to_raw(self, start: int, end: int) -> Span:
        return self.raw.to_raw(self._at(start), self._at(max(end - 1, start)) + 1)

    def _at(self, offset: int) -> int:
        index = max(bisect_right(self.starts, offset) - 1, 0)
        span = self.segments[index].span
        return min(span.start + offset - self.starts[index], max(span.end - 1, span.start))


def readings(text: PreparedText) -> Iterator[Reading]:
    """The visible text first: of a JSON part its string values, one a line. Then everything decoded.

    Of a part that declares tools the visible text is several readings: what each declaration says, then what stands beside.
    """
    if text.declarations:
        proses = [declaration.prose for declaration in text.declarations if declaration.prose]
        yield from (_of_segments(text, prose) for prose in proses)
        if not proses:
            yield Reading("", text.raw.offsets)
    else:
        yield _of_segments(text, text.segments) if text.segments else _cleaned(text.raw.text, text.raw.offsets)
    for view in text.decoded:
        yield _cleaned(view.text, view.offsets, view.encodings)


def _of_segments(text: PreparedText, segments: tuple[Segment, ...]) -> Reading:
    values = [text.raw.text[segment.span.start : segment.span.end] for segment in segments]
    starts = tuple(accumulate((len(value) + 1 for value in values[:-1]), initial=0))
    return _cleaned("\n".join(values), _Joined(starts, segments, text.raw))


def _cleaned(text: str, outer: OffsetMap, encodings: tuple[Encoding, ...] = ()) -> Reading:
    cleaned = clean(text)
    return Reading(cleaned.text, chained(cleaned.offsets, outer), encodings)
