"""Words with their places: what exact data and fingerprints are made of. Case, accents in compatibility forms, confusables and
punctuation do not count, since both sides are folded as scanned text is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from scangate.matching.folding import clean, fold
from scangate.matching.literals import lower_same_length

_WITHOUT_SPACES: Final = 0x2E80
"""From here on every character is a word of its own: these scripts do not separate words."""
_PLANE: Final = 0x10000


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one text from left to right; `starts` and `ends` are code points of it."""

    texts: list[str]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.texts)


def normalised(text: str) -> str:
    """A text as its folded view reads."""
    return lower_same_length(fold(clean(text)).text)


@cache
def _letters() -> npt.NDArray[np.bool_]:
    return np.fromiter((chr(code).isalnum() for code in range(_PLANE)), dtype=np.bool_, count=_PLANE)


def words_of(text: str) -> Words:
    """Runs of letters and digits; linear in the text."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    joins = _letters()[np.minimum(codes, _PLANE - 1)]
    astral = np.unique(codes[codes >= _PLANE])
    if len(astral):
        letters = astral[np.fromiter((chr(code).isalnum() for code in astral.tolist()), dtype=np.bool_, count=len(astral))]
        joins = np.where(codes >= _PLANE, np.isin(codes, letters), joins)
    alone = joins & (codes >= _WITHOUT_SPACES)
    before = np.concatenate(([False], joins[:-1])) if len(joins) else joins
    after = np.concatenate((joins[1:], [False])) if len(joins) else joins
    alone_before = np.concatenate(([False], alone[:-1])) if len(joins) else joins
    alone_after = np.concatenate((alone[1:], [False])) if len(joins) else joins
    starts = np.flatnonzero(joins & (~before | alone | alone_before))
    ends = np.flatnonzero(joins & (~after | alone | alone_after)) + 1
    texts = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return Words(texts, starts, ends)
