"""Where code stands in a text: in fences, in backticks, as a diff, or as a stretch of lines that nobody marked.

What lives here: places, and how much speaks for them. What does not: the language (`inference.code_language`), and what the code
does. All spans are code points of the text that was given; of a view, map them with `View.to_raw`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Final

import re2

from scangate.domain.content import Span
from scangate.matching.code_lines import CodeLines, is_plain, latin1
from scangate.matching.decoded import Source
from scangate.matching.views import PreparedText

MAX_BLOCKS: Final = 1000
"""Of one text. Where there are more, all that follows counts as one last block, so that nothing goes unseen."""
MAX_VALUES: Final = 500
"""String values of a JSON part that are looked at one by one; of a part with more, the text as a whole is looked at."""
_SHORTEST_VALUE: Final = 4
_LONGEST_HINT: Final = 80


class BlockKind(StrEnum):
    """How a block was recognised."""

    FENCED = "fenced"
    """Between ``` or ~~~; the last one may lack its end."""
    INLINE = "inline"
    """Between single backticks, on one line."""
    DIFF = "diff"
    """Lines of a unified diff outside of a fence."""
    UNFENCED = "unfenced"
    """Lines that look like code."""
    VALUE = "value"
    """A string value of a JSON part that holds no other block and looks like code."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A piece of code. `span` is the code itself, `outer` with the marks around it (equal where there are none)."""

    kind: BlockKind
    span: Span
    outer: Span
    language_hint: str = ""
    """The first word after an opening fence, lower-cased; empty where there is none."""
    lines: int = 1
    """Lines that are not blank."""
    code_lines: int = 0
    """Those of them that have the form of code by themselves. A whole fence may have none (output, prose)."""

    def text(self, source: str) -> str:
        return source[self.span.start : self.span.end]

    def shifted(self, by: int) -> CodeBlock:
        """The same block in a text that has so many code points before this one."""
        span, outer = self.span, self.outer
        return replace(self, span=Span(span.start + by, span.end + by), outer=Span(outer.start + by, outer.end + by))


_SHORT_TEXT: Final = 1 << 13
"""Up to here it is quicker to look at one line after the other whether any of them is worth more."""
_FENCE_MARK: Final = b"`"
_FENCE: Final = re2.compile(rb"(`{3,}|~{3,})([^\n`~]*)", options=latin1())
_INLINE: Final = re2.compile(rb"`([^`\n]{3,500})`", options=latin1())
_HINT: Final = re2.compile(rb"^\s*\{?\.?([A-Za-z][A-Za-z0-9+#._-]*)", options=latin1())


def code_blocks(text: str) -> tuple[CodeBlock, ...]:
    """All blocks of a text, by place and disjoint. Linear in the text."""
    if not text:
        return ()
    source = Source.of(text)
    if len(text) <= _SHORT_TEXT and _FENCE_MARK not in source.data and b"~~~" not in source.data and is_plain(source.data):
        return ()
    lines = CodeLines.of(source)
    fenced = _fenced(source, lines)
    blocks = list(fenced)
    for span, is_diff in lines.stretches([fence.outer for fence in fenced]):
        kind = BlockKind.DIFF if is_diff else BlockKind.UNFENCED
        blocks.append(CodeBlock(kind, span, span, "", *lines.count(span)))
        if len(blocks) > 2 * MAX_BLOCKS:
            break
    blocks.sort(key=lambda block: block.span.start)
    blocks += _inline(source, blocks)
    return _bounded(sorted(blocks, key=lambda block: block.span.start), len(text))


def code_blocks_of(prepared: PreparedText) -> tuple[CodeBlock, ...]:
    """The blocks of a part's raw view, in coordinates of `raw.text`. In a JSON part each string value is a text of its own, and a
    value that looks like code is a block though nothing marks it.
    """
    text = prepared.raw.text
    if not prepared.segments or len(prepared.segments) > MAX_VALUES:
        return code_blocks(text)
    blocks: list[CodeBlock] = []
    for segment in prepared.segments:
        if len(segment.span) >= _SHORTEST_VALUE:
            inner = code_blocks(text[segment.span.start : segment.span.end])
            blocks += [block.shifted(segment.span.start) for block in _as_value(inner, len(segment.span))]
    return _bounded(blocks, len(text))


def _as_value(blocks: tuple[CodeBlock, ...], length: int) -> tuple[CodeBlock, ...]:
    if len(blocks) == 1 and blocks[0].kind is BlockKind.UNFENCED and 2 * len(blocks[0].span) >= length:
        whole = Span(0, length)
        return (replace(blocks[0], kind=BlockKind.VALUE, span=whole, outer=whole),)
    return blocks


def _fenced(source: Source, lines: CodeLines) -> list[CodeBlock]:
    if b"```" not in source.data and b"~~~" not in source.data:
        return []
    return list(islice(_all_fenced(source, lines), MAX_BLOCKS + 1))


def _all_fenced(source: Source, lines: CodeLines) -> Iterator[CodeBlock]:
    opened: tuple[int, int, bytes, str] | None = None
    for match in _FENCE.finditer(source.data):
        mark, info = match.group(1), match.group(2)
        if opened is not None:
            start, body, opening, hint = opened
            if mark[:1] != opening[:1] or len(mark) < len(opening):
                continue
            end = match.end(1)
            yield _fence_block(lines, Span(body, max(body, match.start())), Span(start, end), hint)
            opened = None
            if not info.strip() or not _begins_line(source.data, match.start()):
                continue
        if not info.strip() and len(mark) > 3 and mark[:1] == b"~":
            continue  # a rule of tildes below a heading
        opened = (match.start(), *_body_of(source.data, match.end(1), match.end(), mark, info))
    if opened is not None:
        start, body, _, hint = opened
        if body < len(source.text):
            yield _fence_block(lines, Span(body, len(source.text)), Span(start, len(source.text)), hint)


def _body_of(data: bytes, after_mark: int, after_info: int, mark: bytes, info: bytes) -> tuple[int, bytes, str]:
    """Where the code begins, the mark that closes it, and the language that the fence names."""
    ends_line = after_info >= len(data) or data[after_info : after_info + 1] == b"\n"
    if not ends_line or len(info) > _LONGEST_HINT:
        return after_mark, mark, ""
    hint = _HINT.search(info)
    return min(len(data), after_info + 1), mark, hint.group(1).decode("latin-1").lower() if hint else ""


def _begins_line(data: bytes, at: int) -> bool:
    return not data[data.rfind(b"\n", 0, at) + 1 : at].strip(b" \t>*-")


def _fence_block(lines: CodeLines, span: Span, outer: Span, hint: str) -> CodeBlock:
    filled, code = lines.count(span)
    return CodeBlock(BlockKind.FENCED, span, outer, hint, filled, code)


def _inline(source: Source, blocks: Sequence[CodeBlock]) -> list[CodeBlock]:
    """What stands between backticks outside of the other blocks."""
    found: list[CodeBlock] = []
    if b"`" not in source.data:
        return found
    position = 0
    for match in _INLINE.finditer(source.data):
        start, end = match.span()
        while position < len(blocks) and blocks[position].outer.end <= start:
            position += 1
        if position < len(blocks) and blocks[position].outer.start < end:
            continue
        found.append(CodeBlock(BlockKind.INLINE, Span(start + 1, end - 1), Span(start, end)))
        if len(found) > MAX_BLOCKS:
            break
    return found


def _bounded(blocks: list[CodeBlock], length: int) -> tuple[CodeBlock, ...]:
    if len(blocks) <= MAX_BLOCKS:
        return tuple(blocks)
    first = blocks[MAX_BLOCKS - 1]
    rest = Span(first.outer.start, length)
    lines, code = (sum(getattr(block, name) for block in blocks[MAX_BLOCKS - 1 :]) for name in ("lines", "code_lines"))
    return (*blocks[: MAX_BLOCKS - 1], CodeBlock(BlockKind.UNFENCED, rest, rest, "", lines, code))


def patched(diff: str) -> str:
    """What a diff makes of the code that it shows: added and kept lines, without the marks."""
    kept = []
    for line in diff.split("\n"):
        if line.startswith(("+++", "---", "@@", "diff ", "index ", "-", "\\")):
            continue
        kept.append(line[1:] if line[:1] in ("+", " ") else line)
    return "\n".join(kept)
