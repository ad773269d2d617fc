"""Development figures of the grounding model from its probabilities. No torch here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from training.grounding.pairs import SUPPORTED, UNSUPPORTED, Pair
from training.guard.scoring import area

Figures = dict[str, object]


def report(pairs: Sequence[Pair], chances: np.ndarray) -> Figures:
    """`chances` [pairs, verdicts]. By source: AUC of "supported", accuracy at 0.5, accuracy of three verdicts; twins: how often the
    true side of a hand-written pair scores higher, by kind and language."""
    labels = np.array([pair.verdict == SUPPORTED for pair in pairs], float)
    supported = chances[:, SUPPORTED]
    sides: dict[str, list[int]] = defaultdict(list)
    for at, pair in enumerate(pairs):
        sides[pair.source].append(at)
    return {
        "by_source": {name: _figures(pairs, labels, supported, chances, at) for name, at in sorted(sides.items())},
        "twins": twins(pairs, supported),
    }


def _figures(pairs: Sequence[Pair], labels: np.ndarray, supported: np.ndarray, chances: np.ndarray, at: list[int]) -> Figures:
    chosen, truth = supported[at], labels[at]
    known = [index for index in at if pairs[index].verdict != UNSUPPORTED]
    right = [int(chances[index].argmax()) == pairs[index].verdict for index in known]
    return {
        "n": len(at),
        "auc": _rounded(area(truth, chosen)),
        "accuracy": _rounded(float(((chosen >= 0.5) == (truth > 0.5)).mean())),
        "three": _rounded(float(np.mean(right))) if right else None,
    }


def twins(pairs: Sequence[Pair], supported: np.ndarray) -> Figures:
    """Share of hand-written pairs whose grounded side scores higher (ties count half), in all, by kind and by language."""
    both: dict[tuple[str, int], dict[bool, int]] = defaultdict(dict)
    for at, pair in enumerate(pairs):
        if pair.twin >= 0:
            both[(pair.source, pair.twin)][pair.verdict == SUPPORTED] = at
    won: dict[str, list[float]] = defaultdict(list)
    for found in both.values():
        if len(found) == 2:
            gap = supported[found[True]] - supported[found[False]]
            value = 1.0 if gap > 0 else 0.5 if gap == 0 else 0.0
            for name in ("all", pairs[found[False]].kind, pairs[found[False]].lang):
                won[name].append(value)
    return {name: [round(float(np.mean(values)), 3), len(values)] for name, values in sorted(won.items())}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
