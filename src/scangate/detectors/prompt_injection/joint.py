"""Joins two judgements of a text: rules and linear model, which see all of it, and the guard model, which sees some windows.

Every window that the guard looked at gets one logit, `linear_high + log(exp(a * (L - linear_high)) + exp(N - neural_high))`: L is the highest
logit of the rules and the linear model inside the window, N the guard's. Either is enough, and two that are nearly sure add up: the two know
different attacks. The slope `a` is above 1, since the doubts of the linear model are worth less than those of the guard. What lies in no such window is judged by L alone, at the thresholds of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log1p
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from scangate.detectors.prompt_injection.rules import Rule
from scangate.inference.guard import Scores, Window
from scangate.matching.documents import read_yaml

SUSPECTED: Final = 8
"""Stretches that the guard looks at because rules or the linear model found them suspicious."""


class JointWeights(BaseModel):
    """Where each judge is sure by itself, and the thresholds of both together; set by `training.guard.joint`. All in logits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    linear_high: float
    neural_high: float
    floor: float
    """L where neither rules nor linear model found anything, and its lowest value."""
    high: float
    medium: float
    linear_slope: float = 1.0
    neural_slope: float = 1.0
    """How much a logit of the guard counts beside one of the linear model; other than 1 for a user's model only."""

    def with_point(self, high: float, moderate: float) -> JointWeights:
        """For another model in place of the guard: sure by itself from `high` on, reported from `moderate` on, both in its logits."""
        slope = (self.high - self.medium) / max(high - moderate, 1e-6)
        return self.model_copy(update={"neural_high": high - (self.high - self.linear_high) / slope, "neural_slope": slope})

    def logit(self, linear: float, neural: float) -> float:
        of_linear = (max(linear, self.floor) - self.linear_high) * self.linear_slope
        of_guard = (neural - self.neural_high) * self.neural_slope
        sure, surer = sorted((of_linear, of_guard))
        return self.linear_high + surer + log1p(exp(sure - surer))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a reading's text that rules or models judge; `logit` as its judge has it."""

    start: int
    end: int
    logit: float
    rules: tuple[Rule, ...] = ()


def joined(
    weights: JointWeights, stretches: Sequence[Stretch], passed: Sequence[tuple[Window, Scores]], alone: tuple[float, float]
) -> list[Stretch]:
    """One stretch per window in the joint scale, and those stretches outside of every window that `alone` (high, medium) admits."""
    found: list[Stretch] = []
    seen: set[int] = set()
    for window, scores in passed:
        inside = [index for index, one in enumerate(stretches) if one.start < window.end and window.start < one.end]
        seen.update(inside)
        best = max((stretches[index] for index in inside), key=lambda one: one.logit, default=None)
        logit = weights.logit(best.logit if best else weights.floor, scores.injection)
        if best is None or (not best.rules and best.logit < alone[1]):
            found.append(Stretch(window.start, window.end, logit))
        else:
            found.append(Stretch(best.start, best.end, logit, best.rules))
    high, medium = alone
    for index, one in enumerate(stretches):
        if index not in seen and one.logit >= medium:
            logit = weights.high if one.logit >= high else weights.medium
            found.append(Stretch(one.start, one.end, logit, one.rules))
    return found


def load_joint_weights(path: Path) -> JointWeights:
    """The weights that come with the package."""
    return JointWeights.model_validate(read_yaml(path.read_text(encoding="utf-8")))
