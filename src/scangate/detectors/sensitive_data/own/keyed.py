"""Hashes under a tenant's key: what stays of values and documents that were uploaded. Without the key nobody can test a guess."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

KEY_BYTES = 32
Hashes = npt.NDArray[np.uint64]
_SIZE = 8
_BLOCK = 64


class Keyed:
    """HMAC-SHA-256 of values, cut to 64 bits, and keyed BLAKE2b of words, which are many. Remembers the words of one text: belongs to one
    scan, or to one import."""

    __slots__ = ("_inner", "_outer", "_word", "_words")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        padded = key.ljust(_BLOCK, b"\0")
        # the two states that every HMAC under a key begins with (RFC 2104): copying them is twice as quick as `hmac.digest`
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in padded))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in padded))
        self._word = hashlib.blake2b(key=key, digest_size=_SIZE, person=b"scangate word")
        self._words: dict[str, bytes] = {}

    def values(self, canonical: Iterable[str]) -> Hashes:
        """One hash per whole value."""
        return _numbers(b"".join(map(self._of_value, canonical)))

    def words(self, words: Iterable[str]) -> Hashes:
        """One hash per word; it says nothing about values that are made of the word."""
        known = self._words
        digests = []
        for word in words:
            digest = known.get(word)
            if digest is None:
                state = self._word.copy()
                state.update(word.encode("utf-8", "surrogatepass"))
                digest = known[word] = state.digest()
            digests.append(digest)
        return _numbers(b"".join(digests))

    def _of_value(self, value: str) -> bytes:
        inner = self._inner.copy()
        inner.update(value.encode("utf-8", "surrogatepass"))
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[:_SIZE]


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
