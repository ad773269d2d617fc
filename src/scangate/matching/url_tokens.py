"""Cuts a text into the pieces between blanks, quotes and angle brackets, and keeps those that may hold a URL.

Works on UTF-8 with the fillers of `url_defang`, whose offsets are those of the text; a token knows the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from scangate.matching.url_defang import FILLER, Refanger

_BREAKS: Final = bytes(range(32)).replace(FILLER, b"") + b" \x7f\"<>`|{}^'\\"
_TO_TOKENS: Final = bytes.maketrans(_BREAKS, b" " * len(_BREAKS))


@dataclass(slots=True)
class Token:
    """Bytes between two breaks, fillers dropped: lower-cased and as written; `kept` are their offsets (None: contiguous)."""

    low: bytes
    written: bytes
    start: int
    kept: list[int] | None = None

    def offset(self, index: int) -> int:
        """Byte offset in the text of the byte at `index < len(low)`."""
        return self.start + (index if self.kept is None else self.kept[index])

    def end_offset(self, index: int) -> int:
        """Byte offset just past the byte before `index > 0`."""
        return self.offset(index - 1) + 1


class TokenizedText:
    """The candidates of one text; memory is a small multiple of the text."""

    __slots__ = ("_lowered", "_prepared", "data", "is_ascii")

    def __init__(self, text: str, refanger: Refanger) -> None:
        self.is_ascii = text.isascii()
        self.data = text.encode("utf-8", "surrogatepass")
        self._lowered = self.data.lower()
        # Full stops go first: what remains with a dot is rare in prose.
        self._prepared = refanger.refang(self._lowered).translate(_TO_TOKENS).replace(b". ", b"  ")

    def tokens_with(self, mark: bytes) -> Iterator[tuple[int, bytes]]:
        """Offset and bytes (fillers included) of every token that contains `mark`, in text order."""
        prepared = self._prepared
        size = len(prepared)
        end = 0
        hit = prepared.find(mark)
        while hit >= 0:
            start = prepared.rfind(b" ", end, hit) + 1 or end
            end = prepared.find(b" ", hit)
            if end < 0:
                end = size
            yield start, prepared[start:end]
            hit = prepared.find(mark, end)

    def count(self, mark: bytes, start: int) -> int:
        return self._prepared.count(mark, start)

    def token(self, start: int, prepared: bytes) -> Token:
        end = start + len(prepared)
        written = self.data[start:end]
        if FILLER not in prepared:
            return Token(prepared, written, start)
        low = np.frombuffer(prepared, np.uint8)
        replaced = low != np.frombuffer(self._lowered[start:end], np.uint8)
        meant = np.where(replaced, low, np.frombuffer(written, np.uint8))
        kept = np.flatnonzero(low != FILLER[0])
        return Token(low[kept].tobytes(), meant[kept].tobytes(), start, kept.tolist())

    def lowered(self, start: int, end: int) -> bytes:
        """The text as written, but for the case of ASCII letters."""
        return self._lowered[start:end]

    def code_points(self, offsets: set[int]) -> dict[int, int]:
        """Byte offsets to offsets in code points."""
        points: dict[int, int] = {}
        before = count = 0
        for offset in sorted(offsets):
            count += len(self.data[before:offset].decode("utf-8", "surrogatepass"))
            points[offset] = count
            before = offset
        return points
