"""Groups of near-duplicate texts, by MinHash over shingles. Rows of one group never stand on both sides of a split."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np

SHINGLE = 12
"""Shingle length in characters of the normalised text; one size serves scripts with and without spaces."""

HEAD = 600
"""Characters that are compared: near-duplicates differ late or not at all, and long texts cost time."""

PERMUTATIONS = 12
BAND = 3
MODULUS = np.uint64(4_294_967_311)


def normalise(text: str) -> str:
    """Letters and digits only, folded: what two copies of a text have in common."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())[:HEAD]


def signature(text: str, factors: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """MinHash of one normalised text, uint64 [PERMUTATIONS]."""
    size = min(SHINGLE, max(1, len(text)))
    hashes = {zlib.crc32(text[at : at + size].encode()) for at in range(0, max(1, len(text) - size + 1))}
    values = np.fromiter(hashes, np.uint64, len(hashes))
    return ((values[:, None] * factors + offsets) % MODULUS).min(axis=0)


def clusters(texts: Sequence[str]) -> list[int]:
    """For each text the index of the first text of its group. Linear in the total length."""
    rng = np.random.default_rng(20261123)
    factors = rng.integers(1, 2**31, PERMUTATIONS, dtype=np.uint64)
    offsets = rng.integers(0, 2**31, PERMUTATIONS, dtype=np.uint64)
    parents = list(range(len(texts)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    buckets: dict[tuple[int, bytes], int] = {}
    for index, text in enumerate(texts):
        minima = signature(normalise(text), factors, offsets)
        for band in range(0, PERMUTATIONS, BAND):
            key = (band, minima[band : band + BAND].tobytes())
            first = root(buckets.setdefault(key, index))
            mine = root(index)
            parents[max(first, mine)] = min(first, mine)
    return [root(index) for index in range(len(texts))]
