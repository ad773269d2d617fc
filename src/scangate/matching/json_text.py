"""Raw JSON as text: the escapes of its strings undone with a map to the raw characters, and masking that leaves valid JSON.

Structure is found from quotes and brackets alone, in one pass and without recursion; `json.loads` only says whether it is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.domain.content import Span, union
from scangate.matching.folding import codes_of, text_of
from scangate.matching.masking import MASK, mask
from scangate.matching.offsets import Aligned
from scangate.matching.views import Identity, OffsetMap, Segment

MAX_SEGMENTS: Final = 20_000
MAX_ESCAPES: Final = 200_000
_SIMPLE: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_TOKEN: Final = frozenset("+-.0123456789eEtrufalsn")
_REPLACEMENT: Final = 0xFFFD


@dataclass(frozen=True, slots=True)
class JsonText:
    """`text` is the JSON with escapes undone; `segments` are its string values, in code points of `text`."""

    text: str
    offsets: OffsetMap
    segments: tuple[Segment, ...]


def is_json(raw: str) -> bool:
    """Whether the standard library parses it; too deep counts as no."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def read_json(raw: str) -> JsonText | None:
    """None when `raw` is not JSON, and then it is plain text."""
    if not is_json(raw):
        return None
    codes = codes_of(raw)
    opens, closes = _literals(codes)
    text, offsets, position = _unescaped(raw, codes)
    segments = _segments(raw, opens, closes, position)
    return JsonText(text, offsets, segments)


def _literals(codes: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the opening and of the closing quotes of all string literals."""
    slashes = codes == ord("\\")
    quotes = np.flatnonzero(codes == ord('"'))
    if slashes.any():
        plain = np.flatnonzero(~slashes)
        before = plain[np.maximum(np.searchsorted(plain, quotes) - 1, 0)]
        quotes = quotes[(quotes - before - 1) % 2 == 0]
    return quotes[::2], quotes[1::2]


def _unescaped(raw: str, codes: NDArray[np.uint32]) -> tuple[str, OffsetMap, NDArray[np.int64] | None]:
    """The text, its map, and for each raw position the one in the text."""
    at = raw.find("\\")
    if at < 0:
        return raw, Identity(), None
    values = codes.copy()
    keep = np.ones(len(codes), np.bool_)
    ends = np.arange(1, len(codes) + 1, dtype=np.int32)
    for _ in range(MAX_ESCAPES):
        length, value = _escape(raw, at)
        values[at], ends[at] = value, at + length
        keep[at + 1 : at + length] = False
        at = raw.find("\\", at + length)
        if at < 0:
            break
    kept = np.flatnonzero(keep).astype(np.int32)
    position = np.concatenate(([0], np.cumsum(keep)))
    return text_of(values[kept]), Aligned(kept, ends[kept], len(codes)), position


def _escape(raw: str, at: int) -> tuple[int, int]:
    """Length and code point of the escape at `at`; a surrogate pair is one, a lone surrogate U+FFFD."""
    kind = raw[at + 1]
    if kind != "u":
        return 2, ord(_SIMPLE.get(kind, kind))
    value = int(raw[at + 2 : at + 6], 16)
    if 0xD800 <= value < 0xDC00 and raw[at + 6 : at + 8] == "\\u":
        low = int(raw[at + 8 : at + 12], 16)
        if 0xDC00 <= low < 0xE000:
            return 12, 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
    return 6, _REPLACEMENT if 0xD800 <= value < 0xE000 else value


def _segments(
    raw: str, opens: NDArray[np.int64], closes: NDArray[np.int64], position: NDArray[np.int64] | None
) -> tuple[Segment, ...]:
    """String values with their paths; a string is a key when a colon follows it."""
    found: list[Segment] = []
    path: list[str | int] = []
    at = 0
    for start, end in zip(opens[:MAX_SEGMENTS].tolist(), closes[:MAX_SEGMENTS].tolist(), strict=True):
        _walk(raw[at:start], path)
        at = end + 1
        if raw[at : at + 64].lstrip()[:1] == ":":
            if path:
                path[-1] = raw[start + 1 : end]
            continue
        first, last = (start + 1, end) if position is None else (int(position[start + 1]), int(position[end]))
        found.append(Segment(Span(first, last), _written(path)))
    return tuple(found)


def _walk(between: str, path: list[str | int]) -> None:
    """Follow the brackets and commas between two strings."""
    for char in between:
        if char == "{":
            path.append("")
        elif char == "[":
            path.append(0)
        elif char in "}]" and path:
            path.pop()
        elif char == "," and path and isinstance(path[-1], int):
            path[-1] += 1


def _written(path: Sequence[str | int]) -> str:
    steps = path if len(path) <= 32 else [*path[:16], "…", *path[-15:]]
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def mask_json(raw: str, spans: Sequence[Span]) -> str:
    """`X` over the spans, inside strings and over whole numbers and words only, so that the result parses and is as long.

    An escape that is partly covered is masked whole. A number of three or more characters becomes a string of `X`.
    What is not JSON is masked as text.
    """
    if not is_json(raw):
        return mask(raw, spans)
    opens, closes = _literals(codes_of(raw))
    pieces: list[str] = []
    at = 0
    for span in union(Span(max(0, span.start), min(len(raw), span.end)) for span in spans):
        at = _copy_masked(raw, span, at, opens, closes, pieces)
    return "".join((*pieces, raw[at:]))


def _copy_masked(raw: str, span: Span, at: int, opens: NDArray[np.int64], closes: NDArray[np.int64], pieces: list[str]) -> int:
    """Append everything from `at` to where the masking of `span` ends; returns that place."""
    position = max(span.start, at)
    while position < span.end:
        index = int(np.searchsorted(opens, position, side="right")) - 1
        if index >= 0 and opens[index] < position < closes[index]:
            start = _escape_start(raw, int(opens[index]) + 1, position)
            end = _escape_end(raw, int(opens[index]) + 1, min(span.end, int(closes[index])))
            pieces += (raw[at : max(at, start)], MASK * (end - max(at, start)))
            at = position = end
        elif raw[position] in _TOKEN and (index < 0 or position > closes[index]):
            start, end = position, position
            while start > at and raw[start - 1] in _TOKEN:
                start -= 1
            while end < len(raw) and raw[end] in _TOKEN:
                end += 1
            pieces += (raw[at:start], _masked_token(end - start))
            at = position = end
        else:
            position += 1
    return at


def _masked_token(length: int) -> str:
    return {1: "0", 2: "10"}.get(length) or f'"{MASK * (length - 2)}"'


def _escape_start(raw: str, first: int, position: int) -> int:
    """`position`, or the start of the escape that it stands in; `first` is the start of the literal."""
    return next((at for at, end in _escapes_near(raw, first, position) if at < position < end), position)


def _escape_end(raw: str, first: int, position: int) -> int:
    return next((end for at, end in _escapes_near(raw, first, position) if at < position < end), position)


def _escapes_near(raw: str, first: int, position: int) -> list[tuple[int, int]]:
    """The escapes that begin in the twelve characters before `position`: no escape is longer."""
    low = max(first, position - 12)
    while low > first and raw[low - 1] == "\\":
        low -= 1
    found = []
    at = raw.find("\\", low, position)
    while at >= 0:
        length, _ = _escape(raw, at)
        found.append((at, at + length))
        at = raw.find("\\", at + length, position)
    return found
