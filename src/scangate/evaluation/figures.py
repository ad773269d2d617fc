"""The figures of a detector over judged rows. Fractions in [0, 1]; None where a figure is not defined (no positives, and so on)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FPR_OF_INTEREST: Final = 0.01
SWEEP: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by label and verdict."""

    tp: int = 0
    fp: int = 0
    tn: int = 0
    fn: int = 0

    @property
    def n(self) -> int:
        return self.tp + self.fp + self.tn + self.fn

    @property
    def precision(self) -> float | None:
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def fpr(self) -> float | None:
        return _share(self.fp, self.fp + self.tn)

    @property
    def accuracy(self) -> float | None:
        return _share(self.tp + self.tn, self.n)


def confusion(labels: Sequence[bool], verdicts: Sequence[bool]) -> Confusion:
    pairs = list(zip(labels, verdicts, strict=True))
    return Confusion(
        tp=pairs.count((True, True)), fp=pairs.count((False, True)), tn=pairs.count((False, False)), fn=pairs.count((True, False))
    )


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Everything at or above `threshold` counts as flagged. None: no threshold keeps the false alarms that rare."""

    threshold: float | None
    recall: float | None


class Ranking:
    """Rows by score: what every threshold would let through. O(n log n) time, O(n) memory."""

    def __init__(self, labels: Sequence[bool], scores: Sequence[float]) -> None:
        positive = np.asarray(labels, dtype=bool)
        values, places = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
        self._values: NDArray[np.float64] = values
        self._positives = np.bincount(places[positive], minlength=len(values))
        self._negatives = np.bincount(places[~positive], minlength=len(values))
        self._positive_count = int(self._positives.sum())
        self._negative_count = int(self._negatives.sum())

    def auc(self) -> float | None:
        """The chance that a positive row outscores a negative one, ties counted half."""
        if not self._positive_count or not self._negative_count:
            return None
        below = np.cumsum(self._negatives) - self._negatives
        wins = float(np.sum(self._positives * (below + self._negatives / 2)))
        return wins / (self._positive_count * self._negative_count)

    def at_fpr(self, rate: float = FPR_OF_INTEREST) -> OperatingPoint:
        """The lowest score as threshold that flags at most the share `rate` of the negative rows."""
        if not self._negative_count:
            return OperatingPoint(None, None)
        flagged = np.cumsum(self._negatives[::-1])[::-1]
        allowed = np.flatnonzero(flagged <= rate * self._negative_count)
        if not len(allowed):
            return OperatingPoint(None, 0.0 if self._positive_count else None)
        lowest = int(allowed[0])
        return OperatingPoint(float(self._values[lowest]), _share(int(self._positives[lowest:].sum()), self._positive_count))

    def at_threshold(self, threshold: float) -> Confusion:
        first = int(np.searchsorted(self._values, threshold))
        tp, fp = int(self._positives[first:].sum()), int(self._negatives[first:].sum())
        return Confusion(tp=tp, fp=fp, tn=self._negative_count - fp, fn=self._positive_count - tp)
