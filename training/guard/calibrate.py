"""Fixes temperatures and thresholds on the development split and writes `calibration.json`.

  python -m training.guard.calibrate --run DIR --out DIR

A temperature per output (the value that minimises the cross entropy of known targets), then the probability which 0.5 % (high) and
2 % (moderate) of the harmless development rows reach; for the eight toxic categories together 1 % and 3 %, each with the same share.
Sets of foreign origin are left out.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch

from training.guard import batches, scoring
from training.guard.checkpoints import load_averaged
from training.guard.recipe import Recipe
from training.guard.targets import CATEGORIES, TOXIC_OUTPUTS, UNKNOWN
from training.guard.train import predict, sigmoid

RATES = {"high": 0.005, "moderate": 0.02}
TOXIC_RATES = {"high": 0.01, "moderate": 0.03}
"""Of all eight categories together; at 0.5 % the first shipped model found hardly anything."""


def temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Between 0.5 and 5: the divisor of the logits with the least cross entropy."""
    candidates = np.geomspace(0.5, 5.0, 60)

    def entropy(divisor: float) -> float:
        scaled = logits / divisor
        return float((np.logaddexp(0.0, scaled) - targets * scaled).mean())

    return round(float(min(candidates, key=entropy)), 3)


def operating_points(logits: np.ndarray, targets: np.ndarray, rates: dict[str, float] = RATES) -> dict[str, object]:
    """Temperature, thresholds and what they reach, for one output; targets may hold UNKNOWN."""
    known = targets != UNKNOWN
    logits, targets = logits[known], targets[known]
    divisor = temperature(logits, targets)
    scores = sigmoid(logits / divisor)
    points: dict[str, object] = {"temperature": divisor}
    for name, rate in rates.items():
        cut = scoring.threshold_at(scores[targets < 0.5], rate)
        points[name] = {"threshold": round(cut, 5), **scoring.summary(targets, scores, cut)}
    return points


def shares(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """The rate for each toxic category at which all of them together flag TOXIC_RATES of the texts that are harmless in every one."""
    harmless = logits[(targets == 0.0).all(axis=1)]
    found = {}
    for name, rate in TOXIC_RATES.items():
        for parts in range(1, 5 * logits.shape[1]):
            cuts = [scoring.threshold_at(column, rate / parts) for column in harmless.T]
            if (harmless >= np.array(cuts)).any(axis=1).mean() <= rate:
                break
        found[name] = rate / parts
    return found


def calibrate(run: Path) -> dict[str, object]:
    guard, settings, progress = load_averaged(run)
    tokenizer = batches.load_tokenizer(Path(settings.encoder))
    rows = [row for row in Recipe.default(Path(settings.pools), settings.seed).dev() if row.source not in scoring.OUTSIDE]
    samples = batches.tokenise(rows, tokenizer, settings.window, random.Random(settings.seed), crop="head")
    injection, agent, toxic = predict(guard, samples)
    targets = np.array([row.toxic for row in rows])
    outputs = {
        "injection": operating_points(injection, np.array([row.injection for row in rows])),
        "agent": operating_points(agent, np.array([row.agent for row in rows])),
    }
    rates = shares(toxic[:, : len(CATEGORIES)], targets[:, : len(CATEGORIES)])
    for column, name in enumerate(TOXIC_OUTPUTS):
        outputs[name] = operating_points(toxic[:, column], targets[:, column], rates)
    return {"rows": len(rows), "progress": progress, "window": settings.window, "outputs": outputs}


def main() -> None:
    options = argparse.ArgumentParser(description="Fixes the guard's thresholds; see the module's text.")
    options.add_argument("--run", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--threads", type=int, default=1)
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    found = calibrate(arguments.run)
    (arguments.out / "calibration.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    for name, points in found["outputs"].items():  # type: ignore[attr-defined]
        print(name, json.dumps(points))


if __name__ == "__main__":
    main()
