"""Text smuggled in characters that show nothing: Unicode tags (U+E0000 block) and variation selectors used as bytes.

Reads a text before cleaning, which removes both. Flags of regions (a black flag and a few tags) are emoji, not messages.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scangate.domain.content import Span
from scangate.domain.taxonomy import Encoding
from scangate.matching.decoded import Bounds, Decoded, runs_of
from scangate.matching.folding import codes_of, text_of
from scangate.matching.language import reads_as_text
from scangate.matching.offsets import Aligned, Coarse, Codes

_FEWEST: Final = 4
_MAX_MESSAGES: Final = 50
_NEAR: Final = 64
"""Tags at most so far apart, between visible letters, make one message."""
_FLAG: Final = 0x1F3F4
_LONGEST_FLAG: Final = 7
_FIRST_SELECTOR: Final = 0xFE00


def smuggled(text: str, bounds: Bounds) -> list[Decoded]:
    if text.isascii():
        return []
    codes = codes_of(text)
    if codes.max() < _FIRST_SELECTOR:
        return []
    return _tags(codes, bounds) + _selectors(codes, bounds)


def _tags(codes: Codes, bounds: Bounds) -> list[Decoded]:
    tagged = (codes >= 0xE0020) & (codes < 0xE0080)
    first, last = runs_of(tagged, 1)
    if not len(first):
        return []
    flags = (codes[np.maximum(first - 1, 0)] == _FLAG) & (first > 0) & (last - first <= _LONGEST_FLAG)
    for start, end in zip(first[flags].tolist(), last[flags].tolist(), strict=True):
        tagged[start:end] = False
    at = np.flatnonzero(tagged & (codes != 0xE007F))
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > _NEAR) + 1
    messages = np.split(at, breaks[: bounds.first(len(breaks) + 1, _MAX_MESSAGES)])
    found = []
    for message in messages[:_MAX_MESSAGES]:
        starts = message[: bounds.characters].astype(np.int32)
        if len(starts) >= _FEWEST:
            offsets = Aligned(starts, (starts + 1).astype(np.int32), len(codes))
            found.append(Decoded(text_of(codes[starts] - np.uint32(0xE0000)), offsets, (Encoding.TAGS,)))
    return found


def _selectors(codes: Codes, bounds: Bounds) -> list[Decoded]:
    low = (codes >= _FIRST_SELECTOR) & (codes < 0xFE10)
    high = (codes >= 0xE0100) & (codes < 0xE01F0)
    starts, ends = runs_of(low | high, _FEWEST)
    count = bounds.first(len(starts), _MAX_MESSAGES)
    found = []
    for start, end in zip(starts[:count].tolist(), ends[:count].tolist(), strict=True):
        run = codes[start : min(end, start + 4 * bounds.characters)]
        octets = np.where(run < 0x10000, run - np.uint32(0xFE00), run - np.uint32(0xE00F0)).astype(np.uint8)
        text = octets.tobytes().decode("utf-8", "ignore")[: bounds.characters]
        readable = reads_as_text(text)
        if readable or (text.isascii() and len(text) >= _FEWEST):
            found.append(Decoded(text, Coarse(Span(start, end)), (Encoding.TAGS,), readable))
    return found
