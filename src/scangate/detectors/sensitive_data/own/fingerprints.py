"""Document fingerprints: how much of an uploaded text a scanned one repeats, of which only keyed hashes are there.

Every run of `SHINGLE` words has a hash; of every `WINDOW` neighbouring hashes the smallest is kept (winnowing: Schleimer, Wilkerson
and Aiken, SIGMOD 2003). Whatever text shares `SHINGLE + WINDOW - 1` words in a row with a document shares a hash with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scangate.detectors.sensitive_data.own.keyed import Hashes, Keyed, contained, pack, unpack
from scangate.detectors.sensitive_data.own.words import Words, normalised, words_of

SHINGLE: Final = 6
WINDOW: Final = 4
DOCUMENT_WORDS_MIN: Final = 30
DOCUMENT_WORDS_MAX: Final = 1_000_000
SHARED_MIN: Final = 4
"""Different hashes that a text and a document must share: about fifteen words in a row."""
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is stored of a document."""

    words: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Overlap:
    """`share` in (0, 1]: of the document that the text holds, or of the text that the document holds, whichever is more. `runs` are
    half-open ranges of words of the text."""

    share: float
    runs: list[tuple[int, int]]


def fingerprint(text: str, key: bytes) -> Fingerprint:
    """
    Raises:
        ValueError: too few words, or too many.
    """
    words = words_of(normalised(text))
    if not DOCUMENT_WORDS_MIN <= len(words) <= DOCUMENT_WORDS_MAX:
        raise ValueError(f"a document has {DOCUMENT_WORDS_MIN} to {DOCUMENT_WORDS_MAX} words, not {len(words)}")
    return Fingerprint(len(words), pack(_winnowed(shingles(words, Keyed(key)))))


def shingles(words: Words, keyed: Keyed) -> Hashes:
    """One hash for every run of `SHINGLE` words, by its first word."""
    count = len(words) - SHINGLE + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    hashes = keyed.words(words.texts)
    combined = np.zeros(count, dtype=np.uint64)
    for step in range(SHINGLE):
        combined = (combined ^ hashes[step : step + count]) * _FACTOR
        combined = (combined ^ (combined >> np.uint64(29))) * _MIX
    return combined ^ (combined >> np.uint64(32))


def _winnowed(hashes: Hashes) -> Hashes:
    if len(hashes) <= WINDOW:
        return np.unique(hashes)
    return np.unique(np.lib.stride_tricks.sliding_window_view(hashes, WINDOW).min(axis=1))


class DocumentFinder:
    """A fingerprint, ready to be compared; immutable.

    Raises:
        ValueError: what is stored is damaged.
    """

    __slots__ = ("_hashes",)

    def __init__(self, stored: Fingerprint) -> None:
        self._hashes = unpack(stored.hashes)

    def overlap(self, hashes: Hashes, words: int) -> Overlap | None:
        """With a text of so many words and these shingles; None for one that shares next to nothing."""
        shared = contained(hashes, self._hashes)
        different = len(np.unique(hashes[shared]))
        if different < SHARED_MIN:
            return None
        runs = _runs(np.flatnonzero(shared))
        repeated = sum(last - first for first, last in runs)
        return Overlap(min(1.0, max(different / len(self._hashes), repeated / words)), runs)


def _runs(places: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Neighbouring shingles belong to one run: winnowing leaves gaps."""
    breaks = np.flatnonzero(np.diff(places) > SHINGLE + WINDOW)
    firsts = places[np.append(0, breaks + 1)]
    lasts = places[np.append(breaks, len(places) - 1)] + SHINGLE
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
