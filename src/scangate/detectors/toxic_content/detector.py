"""Judges every window of a part in eight categories. The guard model's word counts; there are no word lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.guard import GuardReading, guard_readings, shared_guard
from scangate.detectors.toxic_content.fast import suspected
from scangate.detectors.toxic_content.options import Level, ToxicContentOptions
from scangate.domain.content import Span
from scangate.domain.finding import Finding
from scangate.domain.taxonomy import Confidence
from scangate.inference.guard import GuardModel, Scores, Window
from scangate.inference.linear import LinearModel

MODEL_DIR: Final = Path(__file__).parent
_FIRST_IDEOGRAPH: Final = "\u2e80"
_LONE_IDEOGRAPHS: Final = 3
_LONE_LETTERS: Final = 24
"""Longest text that can be a single word: without spaces, so that sentences of Chinese and Japanese are none."""

_CONFIDENCE: dict[Level, Confidence] = {"high": Confidence.HIGH, "moderate": Confidence.MEDIUM}


@dataclass(frozen=True, slots=True)
class _Hit:
    category: str
    level: Level
    score: float
    span: Span
    reading: GuardReading


class ToxicContentDetector:
    """One profile's options over the shared guard model, and the linear model that shows it where to look in long texts."""

    def __init__(self, options: ToxicContentOptions, model: GuardModel, fast: LinearModel) -> None:
        self._options = options
        self._model = model
        self._fast = fast
        self._columns = {name: model.toxic_names.index(name) for name in options.categories}

    def detect(self, subject: Subject) -> Sequence[Finding]:
        """Per category the worst window; flagged at every level that has an action.

        Raises:
            DeadlineExceededError: passed on from `subject.checkpoint()`.
        """
        worst: dict[str, _Hit] = {}
        for reading in guard_readings(subject, self._model):
            for window, scores in self._passes(reading, subject):
                for hit in self._hits(reading, window, scores):
                    if hit.category not in worst or hit.score > worst[hit.category].score:
                        worst[hit.category] = hit
        return [self._finding(hit) for hit in worst.values()]

    def score(self, subject: Subject) -> float:
        """The highest calibrated probability of any category that the profile asks for."""
        return max(
            (
                self._model.calibration.probability(name, float(scores.toxic[column]))
                for reading in guard_readings(subject, self._model)
                for _, scores in self._passes(reading, subject)
                for name, column in self._columns.items()
            ),
            default=0.0,
        )

    def _passes(self, reading: GuardReading, subject: Subject) -> list[tuple[Window, Scores]]:
        return reading.scores(subject.checkpoint, suspected(self._fast, reading, subject.checkpoint))

    def _hits(self, reading: GuardReading, window: Window, scores: Scores) -> list[_Hit]:
        lone = _is_lone_word(reading.reading.text[window.start : window.end])
        hits = []
        for name, column in self._columns.items():
            point = self._model.calibration.outputs[name]
            chance = self._model.calibration.probability(name, float(scores.toxic[column]))
            level: Level | None = "high" if chance >= point.high else "moderate" if chance >= point.moderate else None
            if level == "high" and lone:
                level = "moderate"
            if level is not None and level in self._options.categories[name].actions:
                hits.append(_Hit(name, level, chance, reading.span(window), reading))
        return hits

    def _finding(self, hit: _Hit) -> Finding:
        options = self._options.categories[hit.category]
        return Finding(
            rule="guard-model",
            span=hit.span,
            confidence=_CONFIDENCE[hit.level],
            score=hit.score,
            action=options.actions[hit.level],
            severity=options.severities[hit.level],
            category=hit.category,
            encodings=hit.reading.reading.encodings,
        )


def _is_lone_word(text: str) -> bool:
    """A word by itself ("bomb", "hacker", "drug") names a topic and asks for nothing: never more than a suspicion."""
    text = text.strip()
    return (
        len(text) <= (_LONE_IDEOGRAPHS if any(char >= _FIRST_IDEOGRAPH for char in text) else _LONE_LETTERS)
        and len(text.split()) <= 1
    )


def compile_toxic_content(options: ToxicContentOptions, resources: Resources) -> ToxicContentDetector:
    """Both models are loaded once a process.

    Raises:
        ConfigurationError: a model file is missing or altered.
    """
    fast = resources.shared("toxic_content.fast", lambda: LinearModel.load(MODEL_DIR / "linear.npz"))
    return ToxicContentDetector(options, shared_guard(resources), fast)
