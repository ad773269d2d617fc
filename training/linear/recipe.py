"""The recipe: from rows to units, the linear model by cross-fitting, the combination with the rules, the thresholds.

1. A first model on whole short texts and random windows finds, in each long attack, the window that carries it.
2. The linear model is trained on those windows, on random and on the most suspicious windows of benign texts, once for each fold
   without it and once on all folds; the last one is shipped.
3. For every row, the candidates of the service are computed with the model that has not seen it; a logistic regression with
   non-negative rule weights learns how to add them up, each row standing for its best candidate.
4. Thresholds are quantiles of the benign rows' scores: 0.5 % above `high`, 2 % above `medium`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from scangate.detectors.prompt_injection.rules import RuleSet, sentence_ends
from scangate.detectors.prompt_injection.scoring import HEAD, SUSPICIOUS, Candidates, Scorer, Weights
from scangate.detectors.prompt_injection.windows import WHOLE, cut, windows
from scangate.inference.linear import CollapsedText, Featuriser, LinearModel, collapse
from training.linear import fitting
from training.linear.pools import FOLDS, Row

SEED = 20261123
FEATURISER = Featuriser(bits=21, char_orders=(3, 5), word_orders=(1, 2, 3))
RARE = 4
STRENGTH = 2.0
STEPS = 32
LONGEST = 12_000
"""Code points of a row that training looks at."""
HIGH_FPR = 0.005
MEDIUM_FPR = 0.02
FLOOR = -1.0
"""Benign surroundings must not talk an attack down: see `Weights.floor`."""

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Unit:
    """A window that the linear model learns from."""

    text: CollapsedText
    row: Row
    share: float


@dataclass(slots=True)
class Example:
    """A row with the service's candidates, computed by a model that has not seen its group."""

    row: Row
    candidates: Candidates


def nothing() -> None:
    return None


def first_units(rows: Sequence[Row]) -> list[Unit]:
    """Whole short texts; of long ones the beginning and random stretches. Long carriers of one sentence are left out."""
    rng = np.random.default_rng(SEED)
    units: list[Unit] = []
    for row in rows:
        text = collapse(row.folded[:LONGEST])
        if len(text) <= WHOLE:
            units.append(Unit(text, row, 1.0))
            continue
        if row.attack and row.kind.startswith("indirect"):
            continue
        starts = [0, *rng.integers(0, len(text) - 500, min(3, len(text) // 500)).tolist()]
        units.extend(Unit(text.part(at, at + 600), row, 1.0 / len(starts)) for at in starts)
    return units


def second_units(rows: Sequence[Row], first: LinearModel) -> list[Unit]:
    """The whole of short texts; of attacks the most suspicious window, of benign texts the most suspicious and random ones."""
    rng = np.random.default_rng(SEED + 1)
    units: list[Unit] = []
    for row in rows:
        text = collapse(row.folded[:LONGEST])
        spans = [(0, len(text))] if len(text) <= WHOLE else []
        choice = windows(text, cut(text, sentence_ends(text)))
        logits = first.evidence(text)[HEAD].logits(choice.starts, choice.ends)
        order = np.argsort(-logits)
        if len(choice) > 1:
            spans.extend((int(choice.starts[at]), int(choice.ends[at])) for at in order[: 1 if row.attack else 2])
            if not row.attack:
                picks = rng.integers(0, len(choice), 2 if len(text) > WHOLE else 1)
                spans.extend((int(choice.starts[at]), int(choice.ends[at])) for at in picks)
        spans = sorted(set(spans))
        units.extend(Unit(text.part(start, end), row, 1.0 / len(spans)) for start, end in spans)
    return units


def row_weight(row: Row) -> float:
    """Templates count less than their number; the hand-written rows, and languages that the pools lack, count more."""
    weight = 1.0 / np.sqrt(row.group_size) if row.family != "short" else 0.8
    if row.family and row.source.startswith(("written", "guard", "linear")):
        weight = max(weight, 0.8) * 1.6
    return float(weight * (1.5 if row.lang != "en" else 1.0))


def train(rows: Sequence[Row]) -> tuple[LinearModel, list[LinearModel]]:
    """The model on all rows, and one for each fold without that fold."""
    units = first_units(rows)
    first = _fit(units, STEPS // 2)
    units = second_units(rows, first)
    features = fitting.without_rare(fitting.matrix(FEATURISER, [unit.text for unit in units]), RARE)
    attacks = np.array([unit.row.attack for unit in units])
    weights = np.array([row_weight(unit.row) * unit.share for unit in units])
    parts = np.array([unit.row.part for unit in units])
    print(f"{len(units)} units, {features.nnz} cells")
    folds = []
    for fold in range(FOLDS):
        kept = np.flatnonzero(parts != fold)
        fitted = fitting.fit(features[kept], attacks[kept], weights[kept], STRENGTH, STEPS)
        folds.append(fitting.as_model(HEAD, FEATURISER, fitted))
    fitted = fitting.fit(features, attacks, weights, STRENGTH, STEPS)
    return fitting.as_model(HEAD, FEATURISER, fitted), folds


def _fit(units: Sequence[Unit], steps: int) -> LinearModel:
    features = fitting.without_rare(fitting.matrix(FEATURISER, [unit.text for unit in units]), RARE)
    attacks = np.array([unit.row.attack for unit in units])
    weights = np.array([row_weight(unit.row) * unit.share for unit in units])
    fitted: LogisticRegression = fitting.fit(features, attacks, weights, STRENGTH, steps)
    return fitting.as_model(HEAD, FEATURISER, fitted)


def starting_weights(rules: RuleSet) -> Weights:
    groups = dict.fromkeys(rules.groups, 1.5)
    return Weights(
        bias=-3.0,
        slope=1.0,
        floor=FLOOR,
        crowd=0.0,
        mentioned=-0.5,
        talked_about=-0.5,
        hidden=1.0,
        high=0.0,
        medium=-1.0,
        groups=groups,
    )


def examples(rows: Sequence[Row], folds: Sequence[LinearModel], rules: RuleSet) -> list[Example]:
    scorers = [Scorer(rules, model, starting_weights(rules)) for model in folds]
    return [Example(row, candidates_of(row, scorers[row.part])) for row in rows]


def candidates_of(row: Row, scorer: Scorer) -> Candidates:
    text = collapse(row.folded)
    found = scorer.candidates(text, nothing)
    return scorer.without_repetition(text, found, found.linear > SUSPICIOUS, nothing)


def table(candidates: Candidates) -> NDArray[np.float32]:
    """One row a candidate: a constant, the linear logit, crowd, the two dampers, the rule groups."""
    supported = candidates.groups.any(axis=1)
    linear = np.where(supported, np.maximum(candidates.linear, FLOOR), candidates.linear)
    columns = (np.ones(len(candidates)), linear, candidates.crowd, candidates.mentioned, candidates.talked_about)
    return np.column_stack((*columns, candidates.groups)).astype(np.float32)


def combine(found: Sequence[Example], rules: RuleSet, rounds: int = 4) -> Weights:
    """Fit the combination; `high` and `medium` are set from the benign rows."""
    attacks = np.array([example.row.attack for example in found])
    sample = fitting.balanced(np.array([row_weight(example.row) for example in found]), attacks)
    stacks = [table(example.candidates) for example in found]
    start = starting_weights(rules)
    theta = np.array([start.bias, start.slope, start.crowd, start.mentioned, start.talked_about, *([1.5] * len(rules.groups))])
    neutral = float(np.median([stack[:, 1].max() for stack, attack in zip(stacks, attacks, strict=True) if not attack]))
    for _ in range(rounds):
        best = np.array([stack[int(np.argmax(stack @ theta))] for stack in stacks])
        deaf = _without_linear(best, neutral)
        theta = _bounded_logistic(
            np.concatenate((best, deaf.features)),
            np.concatenate((attacks, attacks[deaf.rows])),
            np.concatenate((sample, sample[deaf.rows])),
            theta,
        )
    scores = np.array([float((stack @ theta).max()) for stack in stacks])
    benign = scores[~attacks]
    counts = np.array([row_weight(example.row) for example in found])[~attacks]
    groups = {name: round(float(value), 3) for name, value in zip(rules.groups, theta[5:], strict=True)}
    return Weights(
        bias=round(float(theta[0]), 3),
        slope=round(float(theta[1]), 3),
        floor=FLOOR,
        crowd=round(float(theta[2]), 3),
        mentioned=round(float(theta[3]), 3),
        talked_about=round(float(theta[4]), 3),
        hidden=1.0,
        high=round(quantile(benign, counts, 1 - HIGH_FPR), 3),
        medium=round(quantile(benign, counts, 1 - MEDIUM_FPR), 3),
        groups=groups,
    )


@dataclass(frozen=True, slots=True)
class Deaf:
    """Copies of rows in which the linear model heard nothing."""

    rows: NDArray[np.int64]
    features: Floats


def _without_linear(best: Floats, neutral: float) -> Deaf:
    """The rows with rule hits, their linear logit no more than an ordinary one.

    The rules must carry an attack alone: the linear model knows the pools' English attacks by heart and leaves nothing to explain
    there, but it will not know tomorrow's, nor those in other languages.
    """
    rows = np.flatnonzero(best[:, 3:].any(axis=1))
    features = best[rows].copy()
    features[:, 1] = np.minimum(features[:, 1], neutral)
    return Deaf(rows, features)


def quantile(values: Floats, weights: Floats, share: float) -> float:
    """The value that the given share of the weight does not exceed."""
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(cumulated, share)), len(values) - 1)])


def _bounded_logistic(features: Floats, attacks: NDArray[np.bool_], sample: Floats, start: Floats) -> Floats:
    """Weighted logistic regression with a small ridge; rules may only accuse, crowd and mentions only excuse."""
    signs = np.where(attacks, 1.0, -1.0)
    ridge = np.full(features.shape[1], 2.0)
    ridge[:3] = 0.0

    def loss(theta: Floats) -> tuple[float, Floats]:
        margins = signs * (features @ theta)
        value = float(sample @ np.logaddexp(0.0, -margins)) + 0.5 * float(ridge @ theta**2)
        pull = -sample * signs / (1.0 + np.exp(np.clip(margins, -500, 500)))
        return value, features.T @ pull + ridge * theta

    free, accuse, excuse = (None, None), (0.0, 6.0), (-6.0, 0.0)
    bounds = [free, (0.05, None), excuse, excuse, excuse, *([accuse] * (features.shape[1] - 5))]
    result: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300}).x
    return result


def save(model: LinearModel, weights: Weights, folder: Path) -> None:
    model.save(folder / "linear.npz")
    lines = ["# Made by `python -m training.linear`; see README.md. Logits.\n"]
    for name, value in weights.model_dump(exclude={"groups"}).items():
        lines.append(f"{name}: {value}\n")
    lines.append("groups:\n")
    lines.extend(f"  {name}: {value}\n" for name, value in sorted(weights.groups.items()))
    (folder / "weights.yaml").write_text("".join(lines), encoding="utf-8")
