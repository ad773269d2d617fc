"""The fast pass: which stretches of a long text the guard should look at. It flags nothing by itself.

A linear model over hashed n-grams, trained by `training.linear.toxic`; it reads every window, in time linear in the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from scangate.detectors.guard import GuardReading
from scangate.inference.linear import CollapsedText, LinearModel, collapse

HEAD: Final = "toxic"
SUSPECTED: Final = 8
"""Windows of a reading that the guard looks at because the linear model found them suspicious."""


def read(text: str) -> CollapsedText:
    """What the model reads of a text; every position leads back to the text's own offsets."""
    return collapse(text.replace("İ", "I").lower())  # the one capital that becomes two code points


def suspected(model: LinearModel, reading: GuardReading, checkpoint: Callable[[], None]) -> list[tuple[int, int]]:
    """The most suspicious windows of the reading, as ranges of its text; none where the guard looks at all of them anyway.

    Raises:
        DeadlineExceededError: passed on from `checkpoint`.
    """
    if len(reading.chosen) == len(reading.windows):
        return []
    text = read(reading.reading.text)
    bounds = np.array([(window.start, window.end) for window in reading.windows])
    starts, ends = np.searchsorted(text.kept, bounds.T + 1)
    logits = model.evidence(text, checkpoint)[HEAD].logits(starts, ends)
    best = np.argsort(-logits)[:SUSPECTED]
    return [(start, end) for start, end in bounds[best].tolist()]
