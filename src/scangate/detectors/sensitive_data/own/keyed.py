"""Hashes under a tenant's key: what stays of values and documents that were uploaded. Without the key nobody can test a guess."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

KEY_BYTES = 32
Hashes = npt.NDArray[np.uint64]
_SIZE = 8
_VALUE, _WORD = b"v\x00", b"w\x00"


class Keyed:
    """HMAC-SHA-256 under one key, cut to 64 bits. Remembers the words of one text: belongs to one scan, or to one import."""

    __slots__ = ("_key", "_words")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._key = key
        self._words: dict[str, bytes] = {}

    def values(self, canonical: Iterable[str]) -> Hashes:
        """One hash per whole value."""
        return _numbers(b"".join(self._hash(_VALUE, value) for value in canonical))

    def words(self, words: Iterable[str]) -> Hashes:
        """One hash per word; it says nothing about values that are made of the word."""
        known = self._words
        digests = []
        for word in words:
            digest = known.get(word)
            if digest is None:
                digest = known[word] = self._hash(_WORD, word)
            digests.append(digest)
        return _numbers(b"".join(digests))

    def _hash(self, purpose: bytes, text: str) -> bytes:
        return hmac.digest(self._key, purpose + text.encode("utf-8", "surrogatepass"), "sha256")[:_SIZE]


def _numbers(data: bytes) -> Hashes:
    return np.frombuffer(data, dtype=">u8").astype(np.uint64)


def contained(hashes: Hashes, stored: Hashes) -> npt.NDArray[np.bool_]:
    """Which of `hashes` are in `stored`, which is sorted."""
    if not len(stored):
        return np.zeros(len(hashes), dtype=np.bool_)
    places = np.searchsorted(stored, hashes).clip(max=len(stored) - 1)
    found: npt.NDArray[np.bool_] = stored[places] == hashes
    return found


def pack(hashes: Hashes) -> bytes:
    """Sorted, without duplicates, 8 bytes each, as they are stored."""
    return np.unique(hashes).astype(">u8").tobytes()


def unpack(data: bytes) -> Hashes:
    """The way back.

    Raises:
        ValueError: no whole number of hashes.
    """
    if len(data) % _SIZE:
        raise ValueError("damaged hashes")
    return _numbers(data)
