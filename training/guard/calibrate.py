"""Fixes temperatures and thresholds on the development split and writes `calibration.json`.

  python -m training.guard.calibrate --run DIR --out DIR

A temperature per output (the value that minimises the cross entropy of known targets), then for `high` and `moderate` the lowest
probability that keeps the false positives of RATES: 0.3 % and 1.5 % of everyday texts, and a few per cent of those that were written to
look alike. The eight toxic categories keep TOXIC_RATES together, each with the same share. Sets of foreign origin are left out.
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
from training.guard.scoring import Rates
from training.guard.targets import CATEGORIES, TOXIC_OUTPUTS, UNKNOWN
from training.guard.train import predict, sigmoid

RATES = {"high": Rates(0.003, 0.02), "moderate": Rates(0.015, 0.06)}
TOXIC_RATES = {"high": Rates(0.005, 0.04), "moderate": Rates(0.015, 0.10)}
"""Of all eight categories together."""


def temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Between 0.5 and 5: the divisor of the logits with the least cross entropy."""
    candidates = np.geomspace(0.5, 5.0, 60)

    def entropy(divisor: float) -> float:
        scaled = logits / divisor
        return float((np.logaddexp(0.0, scaled) - targets * scaled).mean())

    return round(float(min(candidates, key=entropy)), 3)


def operating_points(
    logits: np.ndarray, targets: np.ndarray, everyday: np.ndarray, rates: dict[str, Rates] = RATES
) -> dict[str, object]:
    """Temperature, thresholds and what they reach, for one output; targets may hold UNKNOWN."""
    known = targets != UNKNOWN
    logits, targets, everyday = logits[known], targets[known], everyday[known]
    divisor = temperature(logits, targets)
    scores = sigmoid(logits / divisor)
    points: dict[str, object] = {"temperature": divisor}
    for name, rate in rates.items():
        cut = scoring.operating_threshold(scores[targets < 0.5], everyday[targets < 0.5], rate)
        points[name] = {"threshold": round(cut, 5), **scoring.summary(targets, scores, cut)}
    return points


def shares(logits: np.ndarray, targets: np.ndarray, everyday: np.ndarray) -> dict[str, Rates]:
    """The rates for each toxic category at which all of them together keep TOXIC_RATES on texts that are harmless in every one."""
    clean = (targets == 0.0).all(axis=1)
    harmless, everyday = logits[clean], everyday[clean]
    found = {}
    for name, rates in TOXIC_RATES.items():
        for parts in range(1, 5 * logits.shape[1]):
            cuts = [scoring.operating_threshold(column, everyday, rates.divided(parts)) for column in harmless.T]
            flagged = (harmless >= np.array(cuts)).any(axis=1)
            if flagged[everyday].mean() <= rates.everyday and flagged[~everyday].mean() <= rates.look_alikes:
                break
        found[name] = rates.divided(parts)
    return found


def calibrate(run: Path) -> dict[str, object]:
    guard, settings, progress = load_averaged(run)
    tokenizer = batches.load_tokenizer(Path(settings.encoder))
    rows = [row for row in Recipe.default(Path(settings.pools), settings.seed).dev() if row.source not in scoring.OUTSIDE]
    samples = batches.tokenise(rows, tokenizer, settings.window, random.Random(settings.seed), crop="head")
    injection, agent, toxic = predict(guard, samples)
    targets = np.array([row.toxic for row in rows])
    everyday = np.array([scoring.is_everyday(row) for row in rows])
    outputs = {
        "injection": operating_points(injection, np.array([row.injection for row in rows]), everyday),
        "agent": operating_points(agent, np.array([row.agent for row in rows]), everyday),
    }
    rates = shares(toxic[:, : len(CATEGORIES)], targets[:, : len(CATEGORIES)], everyday)
    for column, name in enumerate(TOXIC_OUTPUTS):
        outputs[name] = operating_points(toxic[:, column], targets[:, column], everyday, rates)
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
