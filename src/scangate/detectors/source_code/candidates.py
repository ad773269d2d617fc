"""Which pieces of a text are looked at: its blocks of code, and the stretch of those that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.domain.content import Span
from scangate.matching.code_blocks import BlockKind, CodeBlock

MAX_CANDIDATES: Final = 40
"""Of one view, the longest first: a leak in many small pieces has long ones among them."""
_COVERED: Final = 0.5


def candidates(blocks: Sequence[CodeBlock]) -> list[CodeBlock]:
    """The blocks that may be source code, longest first, and before them the stretch from the first unmarked one to the last, where
    they make up most of it: a file with long comments falls into pieces. What stands between single backticks is no candidate.
    """
    marked = [block for block in blocks if block.kind is not BlockKind.INLINE]
    chosen = sorted(marked, key=lambda block: -len(block.span))[:MAX_CANDIDATES]
    loose = [block for block in marked if block.kind in (BlockKind.UNFENCED, BlockKind.VALUE)]
    if 1 < len(loose) == len(marked):
        span = Span(loose[0].span.start, loose[-1].span.end)
        if sum(len(block.span) for block in loose) >= _COVERED * len(span):
            lines, code = (sum(getattr(block, name) for block in loose) for name in ("lines", "code_lines"))
            chosen.insert(0, CodeBlock(BlockKind.UNFENCED, span, span, "", lines, code))
    return chosen
