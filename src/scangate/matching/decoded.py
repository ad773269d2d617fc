"""What the decoders share: the text they read, the pieces they hand back, the bounds they keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.domain.taxonomy import Encoding
from scangate.matching.folding import codes_of
from scangate.matching.offsets import Codes, Mask, Positions
from scangate.matching.views import OffsetMap

Octets = NDArray[np.uint8]

NOT_ASCII: Final = 0xFF
"""Stands in `Source.octets` for every character outside ASCII."""


@dataclass(slots=True)
class Bounds:
    """How much may still be decoded. `hit` is set by whoever leaves something undone."""

    characters: int
    """Length of a decoded piece, at most."""
    inflated_bytes: int = 4 << 20
    """What compressed blobs may still grow to, all together."""
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
    edged = np.zeros(len(mask) + 2, np.bool_)
    edged[1:-1] = mask
    bounds = np.flatnonzero(edged[1:] != edged[:-1])
    starts, ends = bounds[::2], bounds[1::2]
    long = ends - starts >= least
    return starts[long], ends[long]


_HEX: Final = np.full(256, 99, np.int64)
_HEX[ord("0") : ord("9") + 1] = range(10)
_HEX[ord("a") : ord("f") + 1] = _HEX[ord("A") : ord("F") + 1] = range(10, 16)


def octets_at(octets: Octets, at: Positions) -> Positions:
    """The bytes at these positions; 0 past the end."""
    inside = at < len(octets)
    return np.where(inside, octets[np.minimum(at, len(octets) - 1)], 0)


def digits_at(octets: Octets, at: Positions) -> Positions:
    """The values of the hexadecimal digits at these positions; 99 for what is none."""
    return _HEX[octets_at(octets, at)]


def hexadecimal_at(octets: Octets, at: Positions, digits: int) -> tuple[Positions, Mask]:
    """The numbers of exactly so many hexadecimal digits at these positions, and which of them are whole."""
    value = np.zeros(len(at), np.int64)
    valid = np.ones(len(at), np.bool_)
    for place in range(digits):
        digit = digits_at(octets, at + place)
        valid &= digit < 16
        value = value * 16 + digit
    return value, valid
