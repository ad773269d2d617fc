"""Windows of a text: the whole of a short one, sentences and stretches of 250 and 600 characters of any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.detectors.prompt_injection.rules import sentence_ends
from scangate.inference.linear import CollapsedText

WHOLE: Final = 700
"""A text up to this length is also scored whole."""
_SIZES: Final = (50, 250, 600)
_LONGEST_SENTENCE: Final = 200
_LONGEST: Final = 900

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """Half-open ranges of positions in a collapsed text."""

    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)


def windows(text: CollapsedText) -> Windows:
    """All windows of a text: three for each sentence or line, and the whole of a short text. Never empty."""
    length = len(text)
    cuts = _cuts(text)
    starts = np.concatenate(([0], cuts))
    stops = np.concatenate((cuts, [length]))
    first = [np.zeros(1, np.int64)] if length <= WHOLE else []
    last = [np.full(1, length)] if length <= WHOLE else []
    for size in _SIZES:
        reach = stops[np.minimum(np.searchsorted(stops, starts + size), len(stops) - 1)]
        first.append(starts)
        last.append(np.minimum(reach, starts + _LONGEST))
    pairs = np.unique(np.stack((np.concatenate(first), np.concatenate(last))), axis=1)
    return Windows(pairs[0], pairs[1])


def _cuts(text: CollapsedText) -> Ints:
    """Where a sentence or a line begins, and places in between where none does for long."""
    length = len(text)
    natural = np.union1d(sentence_ends(text), text.line_ends) + 1
    natural = natural[(natural > 0) & (natural < length)]
    edges = np.concatenate(([0], natural, [length]))
    gaps = np.diff(edges)
    extra = np.maximum((gaps - 1) // _LONGEST_SENTENCE, 0)
    owner = np.repeat(np.arange(len(gaps)), extra)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(extra) - extra, extra) + 1
    forced = edges[owner] + rank * _LONGEST_SENTENCE
    return np.union1d(natural, forced[forced < length])
