"""The shapes that text preparation hands to detectors: views of one text that all map back to the raw text.

A view is a text plus an offset map. `raw` is the part as sent (of a JSON part: with the escapes in its strings undone, so that
text reads as text); `folded` is what a reader would see (NFKC, invisible and bidi
characters removed, confusables replaced, case folded); `decoded` holds what was hidden (base64, hex, ROT13, spaced-out
spelling, …), each mapped to the span of raw text that it came from. Built by `matching.prepare.prepare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scangate.domain.content import Declared, Span
from scangate.domain.taxonomy import Encoding


class OffsetMap(Protocol):
    """Maps a half-open range of a view to the smallest covering range of the raw text."""

    def to_raw(self, start: int, end: int) -> Span: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """The map of a view that equals the raw text."""

    def to_raw(self, start: int, end: int) -> Span:
        return Span(start, end)


@dataclass(frozen=True, slots=True)
class View:
    """One reading of the text. `encodings` lists what was undone, outermost first; empty for raw and folded."""

    text: str
    offsets: OffsetMap
    encodings: tuple[Encoding, ...] = ()

    def to_raw(self, start: int, end: int) -> Span:
        return self.offsets.to_raw(start, end)


@dataclass(frozen=True, slots=True)
class Segment:
    """One string value of a JSON part: its place in the raw view's text and its path, as in `$.query` or `$.items[3].name`."""

    span: Span
    path: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A tool, prompt or resource that a JSON part declares. `prose` are the strings (keys too) that a model reads as language, in
    coordinates of the raw view's text, in order."""

    declared: Declared | None
    """None for what stands in no declaration."""
    prose: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class PreparedText:
    """All views of one part. `truncated` says that a bound on decoding was hit.

    `raw.text == Part.text` except for JSON parts; so map every span with its view's `to_raw`, those of `raw` too. `segments`
    are the string values of a JSON part, in coordinates of `raw.text`.
    """

    raw: View
    folded: View
    decoded: tuple[View, ...] = ()
    segments: tuple[Segment, ...] = ()
    truncated: bool = False
    declarations: tuple[Declaration, ...] = ()
    """What a JSON part declares, and what stands beside; empty where it declares nothing."""
    hidden_spans: tuple[Span, ...] = field(default=())
    """Runs of invisible, bidi or tag characters in the raw text."""

    @property
    def views(self) -> Sequence[View]:
        """Raw, folded (when it differs from raw), then every decoded view."""
        readings = [self.raw]
        if self.folded.text != self.raw.text:
            readings.append(self.folded)
        return (*readings, *self.decoded)
