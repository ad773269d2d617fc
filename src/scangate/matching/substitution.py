"""Decoding that replaces characters where they stand: escapes, leet, spaced-out letters.

A decoder states its edits as arrays; those that lie close together make one region, which becomes a decoded piece together with
the line around it, so that a half-encoded sentence reads as a whole. Offsets are exact for every edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching.decoded import Bounds, Decoded, Source
from scangate.matching.folding import text_of
from scangate.matching.offsets import Aligned, Codes, Positions

DELETE: Final = -1
"""As the value of an edit: the characters go without a replacement."""
_MARGIN: Final = 160
"""Characters of context to each side of a region, at most; less where a line ends."""
_MAX_REGIONS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """`source[starts[i]:ends[i]]` becomes the code point `values[i]` (or nothing). Sorted, disjoint."""

    starts: Positions
    ends: Positions
    values: Positions

    def __len__(self) -> int:
        return len(self.starts)

    def where(self, chosen: Positions) -> Edits:
        """The chosen edits, by mask or by index."""
        return Edits(self.starts[chosen], self.ends[chosen], self.values[chosen])

    @staticmethod
    def merged(*parts: Edits) -> Edits:
        """All edits in order; where two overlap, the one that begins first stays."""
        starts, ends, values = (np.concatenate([getattr(part, name) for part in parts]) for name in ("starts", "ends", "values"))
        order = np.argsort(starts, kind="stable")
        merged = Edits(starts[order], ends[order], values[order])
        if len(merged) < 2:
            return merged
        free = np.concatenate(([True], merged.starts[1:] >= np.maximum.accumulate(merged.ends)[:-1]))
        return merged.where(np.flatnonzero(free))


def substituted(source: Source, edits: Edits, encoding: Encoding, bounds: Bounds) -> list[Decoded]:
    """One decoded piece for each region of the source that has edits."""
    if not len(edits):
        return []
    gaps = edits.starts[1:] - edits.ends[:-1]
    breaks = np.flatnonzero(gaps > 2 * _MARGIN)
    firsts = np.concatenate(([0], breaks + 1))
    lasts = np.concatenate((breaks, [len(edits) - 1]))
    count = bounds.first(len(firsts), _MAX_REGIONS)
    pieces = []
    for first, last in zip(firsts[:count].tolist(), lasts[:count].tolist(), strict=True):
        region = _with_context(source.text, int(edits.starts[first]), int(edits.ends[last]))
        pieces.append(_replaced(source, region, edits.where(np.arange(first, last + 1)), encoding, bounds))
    return pieces


def _with_context(text: str, start: int, end: int) -> Span:
    low, high = max(0, start - _MARGIN), min(len(text), end + _MARGIN)
    line_start = text.rfind("\n", low, start) + 1
    if not line_start and low:
        line_start = text.find(" ", low, start) + 1 or start
    line_end = text.find("\n", end, high)
    if line_end < 0:
        line_end = high if high == len(text) else max(text.rfind(" ", end, high), end)
    return Span(line_start, line_end)


def _replaced(source: Source, region: Span, edits: Edits, encoding: Encoding, bounds: Bounds) -> Decoded:
    text, offsets = replaced(source.codes, region, edits, bounds.characters)
    bounds.hit |= len(text) == bounds.characters
    return Decoded(text, offsets, (encoding,))


def replaced(codes: Codes, region: Span, edits: Edits, most: int | None = None) -> tuple[str, Aligned]:
    """The region of a text with all edits done, at most `most` characters of it, and its map to the text."""
    changed = codes[region.start : region.end].astype(np.int64)
    size = len(changed)
    starts, ends = edits.starts - region.start, edits.ends - region.start
    covered = np.zeros(size + 1, np.int32)
    # edits are disjoint, so no start and no end stands twice
    covered[starts] += 1
    covered[ends] -= 1
    changed[starts] = edits.values
    keep = np.cumsum(covered[:-1]) == 0
    keep[starts] = edits.values != DELETE
    range_ends = np.arange(1, size + 1, dtype=np.int32)
    range_ends[starts] = ends
    kept = np.flatnonzero(keep)[:most]
    base = np.int32(region.start)
    offsets = Aligned(kept.astype(np.int32) + base, range_ends[kept] + base, len(codes))
    return text_of(changed[kept].astype(np.uint32)), offsets
