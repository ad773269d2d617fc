"""One `X` per masked code point; nothing else of the text moves."""

from __future__ import annotations

from collections.abc import Iterable

from scangate.domain.content import Span, union

MASK = "X"


def mask(text: str, spans: Iterable[Span]) -> str:
    """The text with every code point of the spans' union replaced by `X`; same length. Spans are cut to the text."""
    pieces: list[str] = []
    at = 0
    for span in union(Span(max(0, span.start), min(len(text), span.end)) for span in spans):
        pieces += (text[at : span.start], MASK * len(span))
        at = span.end
    return "".join((*pieces, text[at:]))
