"""Sets where guard, and rules with linear model, are sure of an injection, and where both together are; writes `joint.yaml`.

  python -m training.guard.joint --model FILES --pools DIR [--out src/scangate/detectors/prompt_injection]

Rules and linear model keep the threshold of their own; the guard is sure where it keeps the false positives of JOINT_RATES on
harmless development rows that neither model was fitted on. `high` and `medium` are where both together keep them. The two foreign
development sets are reported and decide nothing.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

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
from training.guard.scoring import Rates
from training.guard.targets import UNKNOWN, Row
from training.linear import pools as linear_pools

OWN = Path(__file__).resolve().parent.parent / "data"
FLOOR = -6.0
JOINT_RATES = {"high": Rates(0.005, 0.02), "moderate": Rates(0.02, 0.08)}
"""Of both judges together; a little above the guard's own, since few everyday rows are unknown to both."""
LINEAR_MARGIN = 0.5
LINEAR_SLOPE = 2.0
"""How far above its own threshold the linear model is sure beside the guard, and how steeply. Of five margins and five slopes this pair
found most at the operating point on the development rows of a half-trained guard (62.3 % instead of 59.1 % with 0 and 1)."""
LEAST_GAP = 0.5
"""Between `high` and `medium`, in logits."""


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


def fit(rows: Sequence[Row], features: Sequence[np.ndarray], linear_high: float) -> JointWeights:
    """Thresholds from the harmless rows alone, each row at its most suspicious window."""
    harmless = [(row, part) for row, part in zip(rows, features, strict=True) if row.injection < 0.5]
    everyday = np.array([scoring.is_everyday(row) for row, _ in harmless])

    def cut(values: list[float], rates: scoring.Rates) -> float:
        return scoring.operating_threshold(np.array(values), everyday, rates)

    neural_high = cut([part[:, 1].max() for _, part in harmless], JOINT_RATES["high"])
    draft = JointWeights(
        linear_high=linear_high + LINEAR_MARGIN, linear_slope=LINEAR_SLOPE, neural_high=_above(neural_high), floor=FLOOR,
        high=0.0, medium=0.0,
    )  # fmt: skip
    joint = [score(part, draft) for _, part in harmless]
    high, medium = (cut(joint, JOINT_RATES[name]) for name in ("high", "moderate"))
    return draft.model_copy(update={"high": _above(high), "medium": _above(min(medium, high - LEAST_GAP))})


def _above(threshold: float) -> float:
    """In four digits, never below: a harmless row at the edge would be flagged."""
    return math.ceil(threshold * 10_000) / 10_000


def score(part: np.ndarray, weights: JointWeights) -> float:
    """The highest joint logit of a row's windows."""
    return max(weights.logit(linear, neural) for linear, neural in part)


def tell(rows: Sequence[Row], features: Sequence[np.ndarray], weights: JointWeights) -> None:
    """Figures of both judges alone and together, at the thresholds that are shipped, by language and source."""
    labels = np.array([row.injection for row in rows])
    own = np.array([row.source not in scoring.OUTSIDE for row in rows])
    judges = {
        "linear": (np.array([part[:, 0].max() for part in features]), weights.linear_high),
        "neural": (np.array([part[:, 1].max() for part in features]), weights.neural_high),
        "joint": (np.array([score(part, weights) for part in features]), weights.high),
    }
    for name, (scores, cut) in judges.items():
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
    nothing = JointWeights(linear_high=0.0, neural_high=0.0, floor=FLOOR, high=0.0, medium=0.0)
    scorer = load_scorer()
    detector = PromptInjectionDetector(PromptInjectionOptions(action=Action.BLOCK), scorer, Guard(model, nothing))
    rows = unseen(arguments.pools)
    features = [windows_of(row, detector, model) for row in rows]
    own = [index for index, row in enumerate(rows) if row.source not in scoring.OUTSIDE]
    weights = fit([rows[index] for index in own], [features[index] for index in own], scorer.weights.high)
    lines = ["# Made by `python -m training.guard.joint`. Logits.\n"]
    lines += [f"{name}: {value}\n" for name, value in weights.model_dump().items()]
    (arguments.out / "joint.yaml").write_text("".join(lines), encoding="utf-8")
    print(len(rows), "rows,", len(own), "own;", weights)
    tell(rows, features, weights)


if __name__ == "__main__":
    main()
