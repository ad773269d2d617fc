"""Temperatures and thresholds of a model's outputs, fixed on a development split by `training`."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scangate.errors import ConfigurationError


class _Point(BaseModel):
    model_config = ConfigDict(extra="ignore")

    threshold: float = Field(ge=0.0)


class _Output(BaseModel):
    model_config = ConfigDict(extra="ignore")

    temperature: float = Field(gt=0.0)
    high: _Point
    moderate: _Point


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore")

    outputs: dict[str, _Output]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Probabilities from which on a text counts: with high confidence, and with moderate."""

    temperature: float
    high: float
    moderate: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """One operating point for each output of a model."""

    outputs: dict[str, OperatingPoint]

    def probability(self, output: str, logit: float) -> float:
        """The calibrated probability of a logit, in [0, 1]."""
        return logistic(logit / self.outputs[output].temperature)


def logistic(logit: float) -> float:
    """The probability of a logit, in [0, 1]; far out it stays at what 30 gives, so that nothing overflows."""
    return 1.0 / (1.0 + exp(-max(min(logit, 30.0), -30.0)))


def log_odds(probability: float) -> float:
    """The logit of a probability: the inverse of `logistic`, in [-30, 30]."""
    inside = min(max(probability, 1e-13), 1.0 - 1e-13)
    return log(inside / (1.0 - inside))


def load_calibration(path: Path) -> Calibration:
    """
    Raises:
        ConfigurationError: the file is missing or of another format.
    """
    try:
        document = _Document.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ConfigurationError(f"the calibration {path.name!r} is missing or cannot be read") from None
    return Calibration(
        {
            name: OperatingPoint(output.temperature, output.high.threshold, output.moderate.threshold)
            for name, output in document.outputs.items()
        }
    )
