"""All decoders over one text, and again over what they found, within bounds on depth, number and size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from scangate.domain.taxonomy import Encoding
from scangate.matching.blobs import blobs
from scangate.matching.ciphers import reversed_text, rotated
from scangate.matching.decoded import Bounds, Decoded, Source
from scangate.matching.escapes import backslash_escapes, html_references, url_escapes
from scangate.matching.folding import Cleaned, clean
from scangate.matching.offsets import chained
from scangate.matching.spelling import respelled
from scangate.matching.tags import smuggled
from scangate.matching.views import Identity, OffsetMap, View

_DECODERS: Final[tuple[Callable[[Source, Bounds], list[Decoded]], ...]] = (
    blobs,
    url_escapes,
    html_references,
    backslash_escapes,
    respelled,
    rotated,
    reversed_text,
)


@dataclass(frozen=True, slots=True)
class PreparationLimits:
    """What one part may cost. A bound that is hit makes the result `truncated`, never an error."""

    max_depth: int = 3
    """Encodings one inside the other; compression counts with the blob that holds it."""
    max_views: int = 200
    max_decoded_characters: int = 1 << 20
    """Of all decoded views together; small pieces come first. As much again goes to pieces that only hold others."""
    max_json_characters: int = 8 << 20
    max_json_depth: int = 200
    max_segments: int = 20_000


@dataclass(slots=True)
class _Allowance:
    """What may still be handed out: pieces, characters of readable ones, characters of those that only hold others."""

    pieces: int
    readable: int
    hidden: int

    def admits(self, piece: Decoded) -> int:
        """How many characters of the piece are admitted. A piece that hides another leaves half of the rest to that one."""
        if self.pieces <= 0:
            return 0
        return min(len(piece.text), self.readable if piece.readable else self.hidden // 2)

    def charge(self, piece: Decoded, characters: int) -> None:
        self.pieces -= 1
        if piece.readable:
            self.readable -= characters
        else:
            self.hidden -= characters


@dataclass(frozen=True, slots=True)
class _Layer:
    """A text to look into: as it came, as cleaned, and how it lies in the raw text."""

    text: str
    cleaned: Cleaned
    offsets: OffsetMap
    encodings: tuple[Encoding, ...]
    depth: int


def decode(
    text: str, cleaned: Cleaned, limits: PreparationLimits, checkpoint: Callable[[], None]
) -> tuple[tuple[View, ...], bool]:
    """The decoded views of a text, in the text's offsets, and whether a bound was hit. `cleaned` is `clean(text)`.

    Raises:
        DeadlineExceededError: passed on from `checkpoint`.
    """
    allowance = _Allowance(limits.max_views, limits.max_decoded_characters, limits.max_decoded_characters)
    bounds = Bounds(limits.max_decoded_characters)
    views: list[View] = []
    seen = {cleaned.text}
    layers = deque([_Layer(text, cleaned, Identity(), (), 0)])
    while layers:
        layer = layers.popleft()
        pieces = sorted(_pieces(layer, bounds, checkpoint), key=lambda found: len(found[0].text))
        for piece, outer in pieces:
            admitted = allowance.admits(piece)
            bounds.hit |= admitted < len(piece.text)
            inside = clean(piece.text[:admitted])
            if not admitted or inside.text in seen:
                continue
            seen.add(inside.text)
            allowance.charge(piece, admitted)
            encodings, offsets = layer.encodings + piece.encodings, chained(piece.offsets, outer)
            if piece.readable:
                views.append(View(inside.text, chained(inside.offsets, offsets), encodings))
            if layer.depth + 1 < limits.max_depth:
                layers.append(_Layer(piece.text[:admitted], inside, offsets, encodings, layer.depth + 1))
        bounds.characters = max(allowance.readable, allowance.hidden)
    views.sort(key=lambda view: (len(view.encodings), view.to_raw(0, len(view.text)).start))
    return tuple(views), bounds.hit


def _pieces(layer: _Layer, bounds: Bounds, checkpoint: Callable[[], None]) -> Iterator[tuple[Decoded, OffsetMap]]:
    """What the decoders find in a layer, each with the map of the text that the find's own offsets refer to."""
    if bounds.characters <= 0:
        bounds.hit = True
        return
    for piece in smuggled(layer.text, bounds):
        yield piece, layer.offsets
    source = Source.of(layer.cleaned.text)
    outer = chained(layer.cleaned.offsets, layer.offsets)
    for decoder in _DECODERS:
        checkpoint()
        for piece in decoder(source, bounds):
            yield piece, outer
