"""What unmarked code stands in: configuration, whose values are scripts and formats, and long documents with a few lines of example
are not taken for source code on account of them.

Marked code (a fence, a diff, a value of a tool) is not concerned, and neither is code that makes up much of its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scangate.detectors.source_code.evidence import settings_of
from scangate.matching.code_blocks import BlockKind, CodeBlock

_LONG_DOCUMENT: Final = 40
_EXAMPLES_MAX: Final = 0.1
_EXAMPLE_LINES: Final = 8
_SETTINGS_MIN: Final = 6
_SETTINGS_SHARE: Final = 0.5
_READ: Final = 16_384


def is_aside(text: str, blocks: Sequence[CodeBlock]) -> bool:
    """Whether the unmarked ones of a text's blocks are only values of a configuration or examples of a document. Linear in the text."""
    loose = [block for block in blocks if block.kind is BlockKind.UNFENCED]
    taken = sum(block.lines for block in loose)
    filled = sum(1 for line in text.split("\n") if line.strip())
    if 2 * taken > filled:
        return False
    if filled >= _LONG_DOCUMENT and taken <= _EXAMPLES_MAX * filled and max(block.lines for block in loose) <= _EXAMPLE_LINES:
        return True
    settings, lines = settings_of(_rest(text, loose))
    return settings >= max(_SETTINGS_MIN, _SETTINGS_SHARE * lines)


def _rest(text: str, blocks: Sequence[CodeBlock]) -> str:
    """The beginning of a text without these blocks."""
    pieces, at = [], 0
    for block in sorted(blocks, key=lambda block: block.span.start):
        if block.span.start >= _READ:
            break
        pieces.append(text[at : block.span.start])
        at = block.span.end
    return "".join((*pieces, text[at : max(at, _READ)]))
