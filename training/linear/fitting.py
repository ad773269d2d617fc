"""Logistic regression on hashed n-grams, with the featuriser of the service."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scangate.inference.linear import CollapsedText, Featuriser, LinearModel

Floats = NDArray[np.float64]


def matrix(featuriser: Featuriser, units: Sequence[CollapsedText]) -> sp.csr_matrix:
    """One row a unit: counts of the n-grams in each cell, divided by the root of the unit's length as in the service."""
    columns: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float32]] = []
    ends = [0]
    for unit in units:
        cells, factor = featuriser.cells(unit)
        found, counts = np.unique(cells, return_counts=True)
        columns.append(found.astype(np.int32))
        values.append((counts * factor).astype(np.float32))
        ends.append(ends[-1] + len(found))
    shape = (len(units), 1 << featuriser.bits)
    return sp.csr_matrix((np.concatenate(values), np.concatenate(columns), np.array(ends)), shape=shape)


def without_rare(features: sp.csr_matrix, units: int) -> sp.csr_matrix:
    """The same matrix without n-grams that occur in fewer units: text unlike the pools then weighs nothing instead of noise."""
    seen = np.bincount(features.indices, minlength=features.shape[1])
    kept = features.copy()
    kept.data[seen[kept.indices] < units] = 0.0
    kept.eliminate_zeros()
    return kept


def balanced(weights: Floats, attacks: NDArray[np.bool_]) -> Floats:
    """Weights of mean 1 whose halves are attacks and benign rows."""
    scaled = weights.copy()
    for side in (attacks, ~attacks):
        scaled[side] *= 0.5 * len(weights) / scaled[side].sum()
    return scaled


def fit(features: sp.csr_matrix, attacks: NDArray[np.bool_], weights: Floats, strength: float, steps: int) -> LogisticRegression:
    """L2-regularised; `strength` is scikit-learn's C. Deterministic."""
    model = LogisticRegression(C=strength, solver="lbfgs", max_iter=steps)
    model.fit(features, attacks, sample_weight=balanced(weights, attacks))
    return model


def as_model(head: str, featuriser: Featuriser, fitted: LogisticRegression) -> LinearModel:
    return LinearModel(featuriser, (head,), fitted.coef_.astype(np.float32), fitted.intercept_.astype(np.float64))
