"""Fits the weights that join the guard's word on an injection to that of rules and linear model; writes `joint.yaml`.

  python -m training.guard.joint --model FILES --pools DIR [--out src/scangate/detectors/prompt_injection]

Only development rows that neither model was fitted on count. Thresholds: 0.5 % (high) and 2 % (medium) of their harmless rows. The
two foreign development sets are reported and decide nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import scangate.detectors.prompt_injection as package
from scangate.detectors.contract import Subject
from scangate.detectors.guard import guard_readings, shared_readings
from scangate.detectors.prompt_injection.detector import Guard, PromptInjectionDetector, load_scorer
from scangate.detectors.prompt_injection.joint import SUSPECTED, JointWeights
from scangate.detectors.prompt_injection.options import PromptInjectionOptions
from scangate.domain.content import Part
from scangate.domain.taxonomy import Action, PartKind, Side
from scangate.inference.guard import GuardModel, load_guard
from scangate.matching.prepare import prepare
from training.guard import scoring
from training.guard.recipe import Recipe
from training.guard.targets import UNKNOWN, Row
from training.linear import pools as linear_pools

OWN = Path(__file__).resolve().parent.parent / "data"
FLOOR = -6.0
RATES = {"high": 0.005, "medium": 0.02}
STEEPNESS = 1.0
"""Strength of the regularisation towards the even sum of both."""


def unseen(pools: Path) -> list[Row]:
    """Development rows of the guard that the linear model was not fitted on either."""
    fitted = {row.folded for row in linear_pools.load(pools, OWN) if row.part >= 0}
    rows = Recipe.default(pools).dev()
    return [row for row in rows if row.injection != UNKNOWN and linear_pools.folded(row.text) not in fitted]


def windows_of(row: Row, detector: PromptInjectionDetector, model: GuardModel) -> np.ndarray:
    """[windows, 2]: L and N of every window that the service would look at."""
    kind = PartKind.TEXT
    subject = Subject(Part(Side.PROMPT, kind, row.text), prepare(row.text, kind))
    found = []
    for reading, passes in zip(shared_readings(subject), guard_readings(subject, model), strict=False):
        stretches = detector.linear(reading, subject.text.hidden_spans, subject.checkpoint)
        suspected = [(one.start, one.end) for one in stretches[:SUSPECTED]]
        for window, scores in passes.scores(subject.checkpoint, suspected):
            inside = [one.logit for one in stretches if one.start < window.end and window.start < one.end]
            found.append((max([FLOOR, *inside]), scores.injection))
    return np.array(found).reshape(-1, 2)


def fit(rows: Sequence[Row], features: Sequence[np.ndarray], rounds: int = 4) -> JointWeights:
    """A logistic model on each row's best window, which the model itself chooses anew in every round."""
    labels = np.array([row.injection > 0.5 for row in rows])
    weights = np.where(labels, 0.5 / labels.sum(), 0.5 / (~labels).sum()) * len(labels)
    theta = np.array([0.0, 0.5, 1.0])
    for _ in range(rounds):
        best = np.array([part[int(np.argmax(theta[0] + part @ theta[1:]))] for part in features])
        model = LogisticRegression(C=1.0 / STEEPNESS).fit(best, labels, weights)
        theta = np.concatenate((model.intercept_, np.maximum(model.coef_[0], 0.0)))
    scores = np.array([float((theta[0] + part @ theta[1:]).max()) for part in features])
    cuts = {name: scoring.threshold_at(scores[~labels], rate) for name, rate in RATES.items()}
    names = {"bias": theta[0], "linear": theta[1], "neural": theta[2], "floor": FLOOR, **cuts}
    return JointWeights(**{name: round(float(value), 4) for name, value in names.items()})


def tell(rows: Sequence[Row], features: Sequence[np.ndarray], weights: JointWeights) -> None:
    """Figures of both judges alone and together, by source group and language."""
    labels = np.array([row.injection for row in rows])
    own = np.array([row.source not in scoring.OUTSIDE for row in rows])
    columns = {
        "linear": np.array([part[:, 0].max() for part in features]),
        "neural": np.array([part[:, 1].max() for part in features]),
        "joint": np.array([max(weights.logit(linear, neural) for linear, neural in part) for part in features]),
    }
    for name, scores in columns.items():
        cut = scoring.threshold_at(scores[own & (labels < 0.5)], RATES["high"])
        print(name, json.dumps(scoring.summary(labels[own], scores[own], cut)))
        for by in ("lang", "source"):
            print("  ", by, json.dumps(scoring.grouped(rows, labels, scores, cut, by)))


def main() -> None:
    options = argparse.ArgumentParser(description="Joins guard and linear model; see the module's text.")
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--pools", type=Path, required=True)
    options.add_argument("--out", type=Path, default=Path(package.__file__).parent)
    arguments = options.parse_args()
    model = load_guard(arguments.model)
    nothing = JointWeights(bias=0.0, linear=0.0, neural=0.0, floor=FLOOR, high=0.0, medium=0.0)
    detector = PromptInjectionDetector(PromptInjectionOptions(action=Action.BLOCK), load_scorer(), Guard(model, nothing))
    rows = unseen(arguments.pools)
    features = [windows_of(row, detector, model) for row in rows]
    own = [index for index, row in enumerate(rows) if row.source not in scoring.OUTSIDE]
    weights = fit([rows[index] for index in own], [features[index] for index in own])
    lines = ["# Made by `python -m training.guard.joint`. Logits.\n"]
    lines += [f"{name}: {value}\n" for name, value in weights.model_dump().items()]
    (arguments.out / "joint.yaml").write_text("".join(lines), encoding="utf-8")
    print(len(rows), "rows,", len(own), "own;", weights)
    tell(rows, features, weights)


if __name__ == "__main__":
    main()
