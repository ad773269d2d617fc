"""The recipe: features of the service, L2-regularised logistic regression, cross-fitting by registered domain, thresholds.

Scores that thresholds and figures come from are always those of a model that has not seen the row's domain. `flag` is the score
that one in a thousand hosts of the popularity lists exceeds (each list weighing the same), `suspect` the one that one in a hundred does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scangate.detectors.malicious_urls.features import BITS, SIGN_NAMES, FeatureReader, Features
from scangate.detectors.malicious_urls.form import FormJudge
from training.urls.pools import Row

STRENGTH = 20.0
STEPS = 100
HELD_OUT = 2
"""Of the pools' folds so many are held out, one after the other: half of the URLs get a score."""
RARE = 3
"""Cells seen in fewer training URLs weigh nothing."""
FLAG_FPR = 0.001
SUSPECT_FPR = 0.01
CELLS = 1 << BITS
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    cells: Floats
    signs: Floats
    bias: float


def matrix(features: Sequence[Features]) -> sp.csr_matrix:
    """One row a URL: n-gram cells, then signs."""
    columns, values, ends = [], [], [0]
    sign_columns = np.arange(len(SIGN_NAMES)) + CELLS
    for one in features:
        for cells, factor in one.parts:
            columns.append(cells)
            values.append(np.full(len(cells), factor))
        columns.append(sign_columns)
        values.append(np.array(one.signs))
        ends.append(ends[-1] + sum(len(cells) for cells, _ in one.parts) + len(sign_columns))
    shape = (len(features), CELLS + len(SIGN_NAMES))
    made = sp.csr_matrix((np.concatenate(values), np.concatenate(columns).astype(np.int32), np.array(ends)), shape=shape)
    made.sum_duplicates()
    seen = np.bincount(made.indices, minlength=shape[1])
    made.data[seen[made.indices] < RARE] = 0.0
    made.eliminate_zeros()
    return made


def read(rows: Sequence[Row], reader: FeatureReader, judge: FormJudge) -> list[Features]:
    found = []
    for row in rows:
        sign = judge.judge(row.match, row.parts)
        found.append(reader.read(row.match, row.parts, sign.rule if sign else None))
    return found


def fit(features: sp.csr_matrix, malicious: NDArray[np.bool_], weights: Floats) -> Fitted:
    weights = weights.copy()
    weights[malicious] *= weights[~malicious].sum() / weights[malicious].sum()
    model = LogisticRegression(C=STRENGTH, solver="lbfgs", max_iter=STEPS)
    model.fit(features, malicious, sample_weight=weights / weights.mean())
    row = model.coef_[0]
    return Fitted(row[:CELLS], row[CELLS:], float(model.intercept_[0]))


def logits(fitted: Fitted, features: sp.csr_matrix) -> Floats:
    found: Floats = features @ np.concatenate((fitted.cells, fitted.signs)) + fitted.bias
    return found


def cross_fit(features: sp.csr_matrix, rows: Sequence[Row], known: NDArray[np.bool_]) -> Floats:
    """A logit for each row of the held-out folds by the model without its fold, NaN for the others.

    Rows of `known` (brands' own sites) are left out of training.
    """
    malicious = np.array([row.malicious for row in rows])
    weights = np.array([row.weight for row in rows])
    parts = np.array([row.fold for row in rows])
    found = np.full(len(rows), np.nan)
    for fold in range(HELD_OUT):
        kept = (parts != fold) & ~known
        fitted = fit(features[kept], malicious[kept], weights[kept])
        found[parts == fold] = logits(fitted, features[parts == fold])
    return found


def calibrate(found: Floats, malicious: NDArray[np.bool_], weights: Floats) -> tuple[float, float]:
    """Scale and shift (Platt) of held-out logits, both kinds weighing the same."""
    weights = weights.copy()
    weights[malicious] *= weights[~malicious].sum() / weights[malicious].sum()
    model = LogisticRegression(C=1e3).fit(found[:, None], malicious, sample_weight=weights / weights.mean())
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def probability(found: Floats, scale: float, shift: float) -> Floats:
    made: Floats = 1.0 / (1.0 + np.exp(-(found * scale + shift)))
    return made


def threshold(rows: Sequence[Row], scores: Floats, rate: float) -> float:
    """The score that this share of the popularity lists' hosts exceeds, each list weighing the same: one of them holds most hosts."""
    sizes = Counter(row.source for row in rows if row.popular)
    popular = [(float(score), 1 / sizes[row.source]) for row, score in zip(rows, scores, strict=True) if row.popular]
    left = rate * len(sizes)
    for score, weight in sorted(popular, reverse=True):
        left -= weight
        if left < 0:
            return score
    return 0.0
