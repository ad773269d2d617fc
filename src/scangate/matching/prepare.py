"""One part of the content to all of its views: the one normalisation pass that every detector shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding, PartKind
from scangate.matching.blobs import blobs
from scangate.matching.ciphers import reversed_text, rotated
from scangate.matching.decoded import Bounds, Decoded, Source
from scangate.matching.escapes import backslash_escapes, html_references, url_escapes
from scangate.matching.folding import clean, codes_of, fold
from scangate.matching.json_text import read_json
from scangate.matching.offsets import Coarse, chained
from scangate.matching.spelling import respelled
from scangate.matching.views import Identity, PreparedText, Segment, View

MAX_DEPTH: Final = 3
MAX_CHARACTERS: Final = 1 << 20
MAX_PIECES: Final = 200
_TAG_BASE: Final = 0xE0000
_DECODERS: Final[tuple[Callable[[Source, Bounds], list[Decoded]], ...]] = (
    url_escapes,
    html_references,
    backslash_escapes,
    blobs,
    rotated,
    reversed_text,
    respelled,
)


def _no_deadline() -> None:
    return None


@dataclass(frozen=True, slots=True)
class _Pending:
    """A text that is still to be searched for something to decode."""

    view: View
    depth: int


def prepare(text: str, kind: PartKind = PartKind.TEXT, checkpoint: Callable[[], None] = _no_deadline) -> PreparedText:
    """All views of a part, each with its map to `text`.

    Decoding goes MAX_DEPTH deep and stops at MAX_PIECES views or MAX_CHARACTERS decoded characters; `truncated` says that it did.
    Linear in the text. `checkpoint` is called between the decoders and may raise.
    """
    raw, segments = _raw_view(text, kind)
    cleaned = clean(raw.text)
    folded = fold(cleaned)
    checkpoint()
    reading = View(cleaned.text, chained(cleaned.offsets, raw.offsets))
    bounds = Bounds(MAX_CHARACTERS, MAX_PIECES)
    decoded = [*_tags(raw), *_decode(reading, bounds, checkpoint)]
    return PreparedText(
        raw=raw,
        folded=View(folded.text, chained(folded.offsets, raw.offsets)),
        decoded=tuple(decoded),
        segments=segments,
        truncated=bounds.hit,
        hidden_spans=tuple(raw.to_raw(span.start, span.end) for span in cleaned.hidden),
    )


def _raw_view(text: str, kind: PartKind) -> tuple[View, tuple[Segment, ...]]:
    if kind is PartKind.JSON:
        read = read_json(text)
        if read is not None:
            return View(read.text, read.offsets), read.segments
    return View(text, Identity()), ()


def _decode(reading: View, bounds: Bounds, checkpoint: Callable[[], None]) -> list[View]:
    """Breadth first, so that a bound cuts the deepest nesting and not the last half of the text."""
    found: list[View] = []
    pending = [_Pending(reading, 0)]
    seen: set[str] = set()
    while pending:
        current = pending.pop(0)
        source = Source.of(current.view.text)
        for decoder in _DECODERS:
            checkpoint()
            for piece in decoder(source, bounds):
                if bounds.pieces <= 0 or bounds.characters <= 0:
                    bounds.hit = True
                    return found
                if piece.text in seen or not _is_new(current.view, piece):
                    continue
                seen.add(piece.text)
                view = _view(current.view, piece)
                bounds.pieces -= 1
                bounds.characters -= len(view.text)
                if piece.readable:
                    found.append(view)
                if current.depth + 1 < MAX_DEPTH:
                    pending.append(_Pending(view, current.depth + 1))
    return found


def _is_new(outer: View, piece: Decoded) -> bool:
    """Turning round twice leads back to where one was."""
    again = {Encoding.ROT13, Encoding.REVERSED, Encoding.SPELLING}.intersection(piece.encodings)
    return not again.intersection(outer.encodings)


def _view(outer: View, piece: Decoded) -> View:
    cleaned = clean(piece.text)
    offsets = chained(cleaned.offsets, chained(piece.offsets, outer.offsets))
    return View(cleaned.text, offsets, outer.encodings + piece.encodings)


def _tags(raw: View) -> list[View]:
    """Text hidden in tag characters (U+E0020 to U+E007E show nothing and mirror ASCII), flags of regions excepted."""
    if raw.text.isascii():
        return []
    codes = codes_of(raw.text)
    at = np.flatnonzero((codes >= _TAG_BASE + 0x20) & (codes < _TAG_BASE + 0x7F))
    if len(at) < 8:
        return []
    text = (codes[at] - _TAG_BASE).astype(np.uint8).tobytes().decode("ascii")
    return [View(text, chained(Coarse(Span(int(at[0]), int(at[-1]) + 1)), raw.offsets), (Encoding.TAGS,))]
