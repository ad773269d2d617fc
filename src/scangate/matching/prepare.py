"""Text preparation: one part in, all its views out. Detectors read the views and never prepare text themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scangate.domain.content import Span
from scangate.domain.taxonomy import PartKind
from scangate.matching.characters import character_tables
from scangate.matching.declarations import declarations
from scangate.matching.decoding import PreparationLimits, decode
from scangate.matching.folding import clean, fold
from scangate.matching.json_text import read_json
from scangate.matching.language import language_tables
from scangate.matching.offsets import chained
from scangate.matching.views import Declaration, Identity, OffsetMap, PreparedText, View

DEFAULT_LIMITS: Final = PreparationLimits()


def _no_deadline() -> None:
    return None


def warm_up() -> None:
    """Load the character and language tables (0.2 s, 30 MB), so that no scan waits for them."""
    character_tables()
    language_tables()


def prepare(
    text: str,
    kind: PartKind = PartKind.TEXT,
    checkpoint: Callable[[], None] = _no_deadline,
    limits: PreparationLimits = DEFAULT_LIMITS,
    *,
    declares: bool = False,
) -> PreparedText:
    """Raw, folded and decoded views of one part. Linear in the text, whatever the text is.

    A JSON part that is not JSON (or is nested or long beyond the limits) is prepared as text. `declares` as of `Part`.

    Raises:
        DeadlineExceededError: passed on from `checkpoint`, which is called between units of work.
    """
    raw, truncated = View(text, Identity()), False
    document = read_json(text, limits) if kind is PartKind.JSON else None
    declared: tuple[Declaration, ...] = ()
    if document is not None:
        raw, truncated = View(document.text, document.offsets), document.truncated
        checkpoint()
        declared = declarations(text, document, expected=declares)
        checkpoint()
    cleaned = clean(raw.text)
    checkpoint()
    folded = fold(cleaned)
    decoded, bounded = decode(raw.text, cleaned, limits, checkpoint)
    outer = raw.offsets
    return PreparedText(
        raw=raw,
        folded=View(folded.text, chained(folded.offsets, outer)),
        decoded=tuple(View(view.text, chained(view.offsets, outer), view.encodings) for view in decoded),
        segments=document.segments if document is not None else (),
        declarations=declared,
        truncated=truncated or bounded,
        hidden_spans=_mapped(cleaned.hidden, outer),
    )


def _mapped(spans: tuple[Span, ...], outer: OffsetMap) -> tuple[Span, ...]:
    return tuple(outer.to_raw(span.start, span.end) for span in spans) if not isinstance(outer, Identity) else spans
