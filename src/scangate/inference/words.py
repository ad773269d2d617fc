"""The table of word embeddings that all of the project's models share: int8 rows with a scale each, memory-mapped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class WordTable:
    """[vocabulary, hidden]; only the rows that texts use are ever read from disk, and processes share them."""

    def __init__(self, rows: Path, scales: Path, vocabulary: int, hidden: int) -> None:
        self._rows = np.memmap(rows, np.int8, "r", shape=(vocabulary, hidden))
        self._scales = np.fromfile(scales, np.float32)

    def look_up(self, ids: Sequence[int]) -> Floats:
        """Embeddings of these pieces, float32 [len(ids), hidden]."""
        at = np.asarray(ids, np.int64)
        embeddings: Floats = self._rows[at].astype(np.float32) * self._scales[at, None]
        return embeddings
