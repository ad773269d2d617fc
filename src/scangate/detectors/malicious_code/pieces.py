"""Which parts of a text are looked at as one: the whole of it where it is code, else each block by itself and the prose around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from scangate.detectors.contract import Subject
from scangate.detectors.malicious_code.mentions import is_about_code
from scangate.domain.content import Span
from scangate.domain.taxonomy import PartKind
from scangate.inference.code_language import by_markers
from scangate.matching.code_blocks import BlockKind, CodeBlock
from scangate.matching.code_lines import latin1
from scangate.matching.decoded import Source

MAX_PIECES: Final = 200
_MOSTLY_CODE: Final = 0.6
"""Share of the visible characters that must stand in unmarked blocks for a text to count as code."""
_PARTLY_CODE: Final = 0.25
_SURELY: Final = 0.85
_SOME_LINES: Final = 5
_PROGRAM: Final = re2.compile(rb"\s{0,20}(?:<\?(?:php|=|\s)|<%|#!\s?/|(?i:@echo off)|GIF8)", options=latin1())
"""How a file of code begins, whatever its lines look like."""
MARKED: Final = frozenset({BlockKind.FENCED, BlockKind.INLINE})


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that is judged as one. `span` is its place in the view that it was taken from."""

    text: str
    span: Span
    hint: str = ""
    is_mention: bool = False
    is_whole: bool = False
    """Its text is that of the view, so that what holds for the one holds for the other."""


def pieces_of(subject: Subject, source: Source, blocks: Sequence[CodeBlock]) -> Iterator[Piece]:
    """The pieces of a part's raw view, each once; what is too much for `MAX_PIECES` is the last piece."""
    text = source.text
    whole = Span(0, len(text))
    prose = _without(source.data, blocks)
    if not blocks or subject.part.kind is PartKind.CODE or _is_code(subject, prose, source.data, blocks):
        is_mention = not _is_program(subject, blocks) and is_about_code(source.data, source.data, text)
        yield Piece(text, whole, is_mention=is_mention, is_whole=True)
        return
    is_mention = is_about_code(prose, source.data, _prose(text, blocks))
    for count, block in enumerate(blocks):
        if count >= MAX_PIECES:
            rest = Span(block.span.start, len(text))
            yield Piece(text[rest.start : rest.end], rest, is_mention=is_mention)
            break
        yield Piece(block.text(text), block.span, block.language_hint, is_mention)
    yield Piece(prose.decode("latin-1"), whole, is_mention=is_mention)


def rejoined(source: Source, blocks: Sequence[CodeBlock]) -> Piece | None:
    """The whole of a text without marks, much of which is code: lines of one script may look like prose and part it into blocks."""
    if not blocks or any(block.kind in MARKED for block in blocks):
        return None
    prose = _without(source.data, blocks)
    if _visible(prose.translate(None, b"\0")) > (1 - _PARTLY_CODE) * _visible(source.data):
        return None
    return Piece(
        source.text,
        Span(0, len(source.text)),
        is_mention=is_about_code(prose, source.data, _prose(source.text, blocks)),
        is_whole=True,
    )


def _is_program(subject: Subject, blocks: Sequence[CodeBlock]) -> bool:
    """Whether words in the text are comments of a program rather than prose about one."""
    return subject.part.kind is PartKind.CODE or any(block.kind not in MARKED for block in blocks)


def _is_code(subject: Subject, prose: bytes, data: bytes, blocks: Sequence[CodeBlock]) -> bool:
    if subject.text.segments or any(block.kind is BlockKind.FENCED for block in blocks):
        return False
    if _PROGRAM.match(data) is not None:
        return True
    guess = by_markers(subject.text.raw.text)
    if guess.confidence >= _SURELY and sum(block.code_lines for block in blocks) >= _SOME_LINES:
        return True  # a program with long comments
    return _visible(prose.translate(None, b"\0")) <= (1 - _MOSTLY_CODE) * _visible(data)


def _visible(data: bytes) -> int:
    return len(data.translate(None, b" \t\r\n"))


def _prose(text: str, blocks: Sequence[CodeBlock]) -> str:
    kept, position = [], 0
    for block in blocks:
        kept.append(text[position : block.outer.start])
        position = max(position, block.outer.end)
    return " ".join((*kept, text[position:]))


def _without(data: bytes, blocks: Sequence[CodeBlock]) -> bytes:
    """The text with zeros where its blocks stand, so that places stay true."""
    blank = bytearray(data)
    for block in blocks:
        # neither blanks nor letters: nothing that a pattern repeats
        blank[block.outer.start : block.outer.end] = b"\0" * len(block.outer)
    return bytes(blank)
