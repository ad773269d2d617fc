"""JSON parts (arguments and results of tools) as text: string escapes undone, string values with their paths, masking.

One vectorised pass finds the string literals and what stands between them; no recursion, so nesting costs nothing. Whether the
document is JSON at all is left to the standard library's parser.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import orjson

from scangate.domain.content import Span, union
from scangate.matching.decoded import Octets, hexadecimal_at, octet_class, runs_of
from scangate.matching.decoding import PreparationLimits
from scangate.matching.folding import codes_of, text_of
from scangate.matching.masking import MASK, mask
from scangate.matching.offsets import Aligned, Codes, Mask, Positions
from scangate.matching.substitution import Edits, replaced
from scangate.matching.views import Identity, OffsetMap, Segment

_MAX_STEPS: Final = 200_000
"""Brackets, commas, colons and strings that are walked for paths; string values behind them get no segment."""
_LONGEST_PATH: Final = 256
_LONGEST_KEY: Final = 64
_REPLACEMENT: Final = 0xFFFD
_STRUCTURE: Final = octet_class(b"{}[],:")
_BLANK: Final = octet_class(b" \t\r\n")
_QUOTE, _BACKSLASH, _COLON, _COMMA = b'"\\:,'
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = b"{}[]"
_SIMPLE_ESCAPES: Final = np.zeros(256, np.int64)
_SIMPLE_ESCAPES[list(b'"\\/bfnrt')] = list(b'"\\/\b\f\n\r\t')


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where things stand in a valid document.

    String literals without their quotes `[starts, ends)`, the positions of structural characters, the escapes inside strings
    (a surrogate pair is one) with the code points they stand for, and the tokens that are neither (numbers, true, false, null).
    """

    codes: Codes
    octets: Octets
    starts: Positions
    ends: Positions
    structure: Positions
    escapes: Edits
    tokens: tuple[Positions, Positions]


@dataclass(frozen=True, slots=True, eq=False)
class JsonText:
    """A JSON document as text. `segments` are in coordinates of `text`; `literals` in those of the document."""

    text: str
    offsets: OffsetMap
    segments: tuple[Segment, ...]
    truncated: bool
    layout: _Layout = field(repr=False)

    @property
    def literals(self) -> tuple[Span, ...]:
        """The insides of all string literals, keys too, and all numbers, true, false and null; in order."""
        starts = np.concatenate((self.layout.starts, self.layout.tokens[0]))
        ends = np.concatenate((self.layout.ends, self.layout.tokens[1]))
        order = np.argsort(starts, kind="stable")
        return tuple(Span(start, end) for start, end in zip(starts[order].tolist(), ends[order].tolist(), strict=True))

    def strings(self) -> Iterator[tuple[Segment, bool]]:
        """All string literals that are not empty, in order, and whether each is a key; a key has the path to its value."""
        starts, ends = self.layout.starts, self.layout.ends
        if isinstance(self.offsets, Aligned):
            starts, ends = np.searchsorted(self.offsets.starts, starts), np.searchsorted(self.offsets.starts, ends)
        for index, path, is_key in _paths(self.layout, self.text, starts, ends, keys=True):
            yield Segment(Span(int(starts[index]), int(ends[index])), path), is_key


def read_json(raw: str, limits: PreparationLimits) -> JsonText | None:
    """The document as text; None when it is not JSON, is not one value, or goes beyond the limits."""
    layout = _layout(raw, limits)
    if layout is None:
        return None
    text, starts, ends = raw, layout.starts, layout.ends
    offsets: OffsetMap = Identity()
    if len(layout.escapes):
        text, aligned = replaced(layout.codes, Span(0, len(layout.codes)), layout.escapes)
        offsets = aligned
        starts, ends = np.searchsorted(aligned.starts, starts), np.searchsorted(aligned.starts, ends)
    segments: list[Segment] = []
    truncated = len(layout.structure) + len(layout.starts) > _MAX_STEPS
    for index, path, _ in _paths(layout, text, starts, ends):
        if len(segments) >= limits.max_segments:
            truncated = True
            break
        segments.append(Segment(Span(int(starts[index]), int(ends[index])), path))
    return JsonText(text, offsets, tuple(segments), truncated, layout)


def mask_json(raw: str, spans: Sequence[Span]) -> str:
    """One `X` per code point over the union of the spans, so that the result parses and is as long as `raw`.

    Only the insides of string literals (keys too) are masked; an escape partly covered is masked whole. A number, true, false or
    null that a span touches becomes a string of X of the same length; of two characters `0` and a blank, of one `0`. Text that
    is not JSON is masked as plain text.
    """
    layout = _layout(raw, PreparationLimits())
    if layout is None:
        return mask(raw, spans)
    size = len(layout.codes)
    covered = _painted(size, ((span.start, min(span.end, size)) for span in union(spans) if span.start < size))
    total = np.concatenate((np.zeros(1, np.int32), np.cumsum(covered, dtype=np.int32)))

    def touched(starts: Positions, ends: Positions) -> Mask:
        return total[ends] > total[starts]

    split = touched(layout.escapes.starts, layout.escapes.ends)
    covered |= _between(size, layout.escapes.starts[split], layout.escapes.ends[split])
    covered &= _between(size, layout.starts, layout.ends)
    starts, ends = layout.tokens
    hit = touched(starts, ends)
    starts, ends = starts[hit], ends[hit]
    codes = layout.codes.copy()
    codes[covered | _between(size, starts, ends)] = ord(MASK)
    long = ends - starts >= 3
    codes[starts[long]] = codes[ends[long] - 1] = _QUOTE
    codes[ends[~long] - 1] = ord(" ")
    codes[starts[~long]] = ord("0")
    return text_of(codes)


def _painted(size: int, ranges: Iterable[tuple[int, int]]) -> Mask:
    painted = np.zeros(size, np.bool_)
    for start, end in ranges:
        painted[start:end] = True
    return painted


def _between(size: int, starts: Positions, ends: Positions) -> Mask:
    """True inside the disjoint ranges; a range may be empty and two may touch."""
    edges = np.bincount(starts, minlength=size + 1) - np.bincount(ends, minlength=size + 1)
    inside: Mask = np.cumsum(edges[:size]) > 0
    return inside


def _layout(raw: str, limits: PreparationLimits) -> _Layout | None:
    if len(raw) > limits.max_json_characters or not raw:
        return None
    codes = codes_of(raw)
    octets = np.where(codes < 128, codes, 0xFF).astype(np.uint8)
    quotes = _bare_quotes(octets)
    if len(quotes) % 2:
        return None
    starts, ends = quotes[::2] + 1, quotes[1::2]
    strings = _between(len(octets), quotes[::2], ends + 1)
    structure = np.flatnonzero(_STRUCTURE[octets] & ~strings)
    if _depth(octets[structure]) > limits.max_json_depth or not _parses(raw):
        return None
    rest = ~(strings | _STRUCTURE[octets] | _BLANK[octets])
    return _Layout(codes, octets, starts, ends, structure, _escapes(octets), runs_of(rest, 1))


def _bare_quotes(octets: Octets) -> Positions:
    """Quotes that no backslash escapes, that is: with an even number of backslashes before them."""
    quotes = np.flatnonzero(octets == _QUOTE)
    starts, ends = runs_of(octets == _BACKSLASH, 1)
    if not len(starts):
        return quotes
    run = np.minimum(np.searchsorted(ends, quotes), len(ends) - 1)
    slashes = np.where(ends[run] == quotes, ends[run] - starts[run], 0)
    bare: Positions = quotes[slashes % 2 == 0]
    return bare


def _depth(structure: Octets) -> int:
    opens = (structure == _OPEN_OBJECT) | (structure == _OPEN_ARRAY)
    closes = (structure == _CLOSE_OBJECT) | (structure == _CLOSE_ARRAY)
    return int(np.cumsum(opens.astype(np.int32) - closes).max(initial=0))


def _parses(raw: str) -> bool:
    try:
        orjson.loads(raw)
    except ValueError:
        pass  # it refuses lone surrogates, NaN and very large integers, which many parsers take
    else:
        return True
    try:
        # as float: Python refuses to convert integers of thousands of digits
        json.loads(raw, parse_int=float)
    except (ValueError, RecursionError, OverflowError):
        return False
    return True


def _escapes(octets: Octets) -> Edits:
    starts, ends = runs_of(octets == _BACKSLASH, 1)
    pairs = (ends - starts + 1) // 2
    within = np.arange(int(pairs.sum())) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    at = np.repeat(starts, pairs) + 2 * within
    kind = octets[at + 1]
    wide = kind == ord("u")
    number, _ = hexadecimal_at(octets, at + 2, 4)
    values = np.where(wide, number, _SIMPLE_ESCAPES[kind])
    stops = at + np.where(wide, 6, 2)
    high = wide & (values >= 0xD800) & (values < 0xDC00)
    low = wide & (values >= 0xDC00) & (values < 0xE000)
    joined = np.zeros(len(at), np.bool_)
    joined[:-1] = high[:-1] & low[1:] & (stops[:-1] == at[1:])
    after = np.minimum(np.arange(len(at)) + 1, len(at) - 1)
    lone = (high & ~joined) | low
    points = np.where(joined, 0x10000 + ((values & 0x3FF) << 10) + (values[after] & 0x3FF), np.where(lone, _REPLACEMENT, values))
    second = np.concatenate(([False], joined[:-1])) if len(at) else joined
    return Edits(at, np.where(joined, stops[after], stops), points).where(np.flatnonzero(~second))


class _Container:
    """An open object or array on the way down: the step that leads to the value at hand, and the path so far."""

    __slots__ = ("index", "is_array", "key", "path")

    def __init__(self, is_array: bool) -> None:
        self.is_array = is_array
        self.index = 0
        self.key = ""
        self.path: str | None = None

    def step(self) -> str:
        return step(self.index if self.is_array else self.key)


def step(key: int | str) -> str:
    """One step of a path, as in `[3]`, `.name` or `["a key"]`."""
    if isinstance(key, int):
        return f"[{key}]"
    if key.isidentifier():
        return f".{key}"
    return f"[{json.dumps(key, ensure_ascii=False)}]"


def _paths(
    layout: _Layout, text: str, starts: Positions, ends: Positions, *, keys: bool = False
) -> Iterator[tuple[int, str, bool]]:
    """Indices of the string literals that are non-empty values (with `keys` also of keys), with their paths; in order."""
    following = np.searchsorted(layout.structure, layout.ends)
    last = len(layout.structure) - 1
    is_key = (following <= last) & (layout.octets[layout.structure[np.minimum(following, last)]] == _COLON) if last >= 0 else None
    at = np.concatenate((layout.structure, layout.starts))
    literal = np.concatenate((np.full(len(layout.structure), -1), np.arange(len(layout.starts))))
    order = np.argsort(at, kind="stable")[:_MAX_STEPS]
    stack: list[_Container] = []
    for sign, index in zip(layout.octets[at[order]].tolist(), literal[order].tolist(), strict=True):
        if index >= 0:
            if is_key is not None and is_key[index]:
                stack[-1].key = text[starts[index] : min(ends[index], starts[index] + _LONGEST_KEY)]
                stack[-1].path = None
                if keys and ends[index] > starts[index]:
                    yield index, _path(stack), True
            elif ends[index] > starts[index]:
                yield index, _path(stack), False
        elif sign == _COMMA:
            stack[-1].index += 1
            stack[-1].path = None
        elif sign in (_OPEN_OBJECT, _OPEN_ARRAY):
            stack.append(_Container(sign == _OPEN_ARRAY))
        elif sign in (_CLOSE_OBJECT, _CLOSE_ARRAY):
            stack.pop()


def _path(stack: list[_Container]) -> str:
    """The path to the value at hand, as in `$.items[3].name`; cut with an ellipsis where it grows too long."""
    known = len(stack)
    while known and stack[known - 1].path is None:
        known -= 1
    path = stack[known - 1].path or "$" if known else "$"
    for container in stack[known:]:
        if len(path) < _LONGEST_PATH:
            path += container.step()
        elif not path.endswith("…"):
            path += "…"
        container.path = path
    return path
