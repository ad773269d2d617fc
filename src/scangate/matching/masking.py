"""Masking of plain text; JSON parts have `json_text.mask_json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from scangate.domain.content import Span, union

MASK: Final = "X"


def mask(text: str, spans: Iterable[Span]) -> str:
    """One `X` per code point over the union of the spans; the length stays. Spans reaching past the end are cut."""
    pieces: list[str] = []
    done = 0
    for span in union(spans):
        start, end = min(span.start, len(text)), min(span.end, len(text))
        pieces += (text[done:start], MASK * (end - start))
        done = end
    pieces.append(text[done:])
    return "".join(pieces)
