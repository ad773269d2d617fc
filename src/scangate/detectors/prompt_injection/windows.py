"""Windows of a text: the whole of a short one, sentences and stretches of 250 and 600 characters of any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.inference.linear import CollapsedText

WHOLE: Final = 700
"""A text up to this length is also scored whole."""
_SIZES: Final = (50, 250, 600)
_LONGEST_SENTENCE: Final = 200
_LONGEST: Final = 900

Ints = NDArray[np.int64]

_ZERO: Final = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class Windows:
    """Half-open ranges of positions in a collapsed text, by start."""

    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)


def windows(text: CollapsedText, cuts: Ints) -> Windows:
    """All windows of a text: three for each piece between two cuts, and the whole of a short text. Never empty."""
    length = len(text)
    stops = np.append(cuts, length)
    starts = np.concatenate((_ZERO, stops[:-1]))
    reach = [stops[np.minimum(np.searchsorted(stops, starts + size), len(stops) - 1)] for size in _SIZES]
    ends = np.minimum(np.stack(reach, axis=1), (starts + _LONGEST)[:, None])
    starts, ends = np.repeat(starts, len(_SIZES)), ends.ravel()
    if length > WHOLE:
        return Windows(starts, ends)
    return Windows(np.concatenate((_ZERO, starts)), np.concatenate((stops[-1:], ends)))


def cut(text: CollapsedText, sentences: Ints) -> Ints:
    """Where a sentence or a line begins, and places in between where none does for long. The text's start is not among them.

    `sentences` are the text's sentence ends.
    """
    length = len(text)
    natural = np.concatenate((sentences, text.line_ends)) + 1
    natural.sort()
    natural = natural[natural < length]
    edges = np.concatenate((_ZERO, natural, [length]))
    gaps = edges[1:] - edges[:-1]
    natural = natural[gaps[:-1] > 0]
    if gaps.max() <= _LONGEST_SENTENCE:
        return natural
    extra = np.maximum((gaps - 1) // _LONGEST_SENTENCE, 0)
    owner = np.repeat(np.arange(len(gaps)), extra)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(extra) - extra, extra) + 1
    cuts = np.concatenate((natural, edges[owner] + rank * _LONGEST_SENTENCE))
    cuts.sort()
    return cuts
