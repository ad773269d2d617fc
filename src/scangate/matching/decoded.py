"""What the decoders share: the text they read, the pieces they hand back, the bounds they keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.domain.taxonomy import Encoding
from scangate.matching.folding import codes_of
from scangate.matching.offsets import Codes, Mask
from scangate.matching.views import OffsetMap

Octets = NDArray[np.uint8]
Positions = NDArray[np.int64]

NOT_ASCII: Final = 0xFF
"""Stands in `Source.octets` for every character outside ASCII."""


@dataclass(slots=True)
class Bounds:
    """How much may still be decoded. `hit` is set by whoever leaves something undone."""

    characters: int
    pieces: int
    hit: bool = False

    def first(self, count: int, most: int) -> int:
        """How many of `count` candidates to look at."""
        if count > most:
            self.hit = True
        return min(count, most)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text that one decoder found in a source. `offsets` leads to the source's text.

    `readable` is False for what makes sense only after another round of decoding (base64 of base64).
    """

    text: str
    offsets: OffsetMap
    encodings: tuple[Encoding, ...]
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A text to decode, with its code points and their projection on bytes (equal offsets, NOT_ASCII beyond ASCII)."""

    text: str
    codes: Codes = field(repr=False)
    octets: Octets = field(repr=False)
    data: bytes = field(repr=False)
    """`octets` as bytes, for re2."""

    @classmethod
    def of(cls, text: str) -> Source:
        if text.isascii():
            data = text.encode("ascii")
            octets = np.frombuffer(data, np.uint8)
            return cls(text, octets.astype(np.uint32), octets, data)
        codes = codes_of(text)
        octets = np.where(codes < 128, codes, NOT_ASCII).astype(np.uint8)
        return cls(text, codes, octets, octets.tobytes())


def octet_class(members: bytes) -> Mask:
    """A table of 256 booleans: which bytes belong to the class."""
    table = np.zeros(256, np.bool_)
    table[list(members)] = True
    return table


def runs_of(mask: Mask, least: int) -> tuple[Positions, Positions]:
    """Starts and ends of the maximal runs of True that are at least `least` long."""
    edges = np.flatnonzero(mask[1:] != mask[:-1]) + 1
    opens_at_start = bool(len(mask)) and bool(mask[0])
    bounds = np.concatenate(([0] if opens_at_start else [], edges, [len(mask)])).astype(np.int64)
    starts, ends = bounds[:-1:2], bounds[1::2]
    count = min(len(starts), len(ends))
    starts, ends = starts[:count], ends[:count]
    long = ends - starts >= least
    return starts[long], ends[long]
