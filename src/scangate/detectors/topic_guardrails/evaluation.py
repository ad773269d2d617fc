"""How a topic does on labelled rows, its worst mistakes, and the change of its text that would help most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scangate.detectors.topic_guardrails.matcher import WINDOW_PENALTY, Floats, Prototypes
from scangate.detectors.topic_guardrails.model import TopicModel
from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.inference.calibration import logistic

MISTAKES: Final = 10
EXAMPLES_MAX: Final = 5
_CANDIDATES: Final = 8
"""Missed texts that are tried as examples."""
_FALSE_ALARM_COSTS: Final = 3.0
"""Of a point of false alarms against one of coverage, when changes are compared."""
_LEAST_GAIN: Final = 0.005

Checkpoint = Callable[[], None]


@dataclass(frozen=True, slots=True)
class LabelledText:
    text: str
    label: bool
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """`row` counts from 0; `score` is the chance in [0, 1] that the text is about the topic, 0.5 the threshold."""

    row: int
    label: bool
    score: float


@dataclass(frozen=True, slots=True)
class Shares:
    """`coverage` of texts that are about the topic, `false_alarms` of the others; None where there are none."""

    coverage: float | None
    false_alarms: float | None

    @property
    def worth(self) -> float:
        return (self.coverage or 0.0) - _FALSE_ALARM_COSTS * (self.false_alarms or 0.0)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change of the topic with the shares that it would have had on the same rows."""

    change: str
    topic: TopicOptions
    shares: Shares


@dataclass(frozen=True, slots=True)
class Evaluation:
    rows: int
    about: int
    """Rows that are about the topic."""
    shares: Shares
    by_language: dict[str, Shares]
    mistakes: tuple[Mistake, ...]
    suggestion: Suggestion | None


def evaluate_topic(
    topic: TopicOptions, rows: Sequence[LabelledText], model: TopicModel, checkpoint: Checkpoint = lambda: None
) -> Evaluation:
    """Every row is judged by its best window, as a scan would. `checkpoint` is called before every row.

    Raises:
        DeadlineExceededError: passed on from `checkpoint`.
    """
    windows = []
    for row in rows:
        checkpoint()
        cut = model.encoder.windows(row.text)
        windows.append(np.stack([model.unit(row.text[window.start : window.end]) for window in cut]))
    labels = np.array([row.label for row in rows], bool)
    logits = _logits(topic, windows, model)
    by_language = {
        lang: _shares(logits[mask], labels[mask])
        for lang in sorted({row.lang for row in rows if row.lang})
        for mask in [np.array([row.lang == lang for row in rows])]
    }
    wrong = np.flatnonzero((logits >= 0.0) != labels)
    worst = wrong[np.argsort(-np.abs(logits[wrong]))][:MISTAKES]
    mistakes = tuple(Mistake(int(row), bool(labels[row]), round(logistic(float(logits[row])), 4)) for row in worst)
    return Evaluation(
        len(rows), int(labels.sum()), _shares(logits, labels), by_language, mistakes,
        _best_change(topic, rows, windows, labels, logits, model, checkpoint),
    )  # fmt: skip


def _logits(topic: TopicOptions, windows: Sequence[Floats], model: TopicModel) -> Floats:
    prototypes = model.prototypes([topic])
    assert prototypes is not None
    return np.array([_best(text, prototypes, model) for text in windows], np.float32)


def _best(windows: Floats, prototypes: Prototypes, model: TopicModel) -> float:
    best = max(float(model.matcher.logits(window, prototypes)[0]) for window in windows)
    return best - WINDOW_PENALTY * float(np.log(len(windows)))


def _shares(logits: Floats, labels: np.ndarray) -> Shares:
    about, other = logits[labels] >= 0.0, logits[~labels] >= 0.0
    return Shares(float(about.mean()) if len(about) else None, float(other.mean()) if len(other) else None)


def _best_change(
    topic: TopicOptions,
    rows: Sequence[LabelledText],
    windows: Sequence[Floats],
    labels: np.ndarray,
    logits: Floats,
    model: TopicModel,
    checkpoint: Checkpoint,
) -> Suggestion | None:
    """The change of one example or of the description that is worth most on these rows, if any is worth it."""
    best: Suggestion | None = None
    worth = _shares(logits, labels).worth + _LEAST_GAIN
    for change, changed in _changes(topic, _candidates(rows, windows, labels, logits)):
        checkpoint()
        shares = _shares(_logits(changed, windows, model), labels)
        if shares.worth > worth:
            best, worth = Suggestion(change, changed, shares), shares.worth
    return best


def _candidates(rows: Sequence[LabelledText], windows: Sequence[Floats], labels: np.ndarray, logits: Floats) -> list[str]:
    """Missed short texts, those first that are most like the other missed ones."""
    missed: list[int] = [row for row in np.flatnonzero(labels & (logits < 0.0)).tolist() if len(windows[row]) == 1]
    missed = [row for row in missed if len(rows[row].text.encode("utf-8", "replace")) <= 250 and rows[row].text.strip()]
    if not missed:
        return []
    vectors = np.stack([windows[row][0] for row in missed])
    central = np.argsort(-(vectors @ vectors.T).mean(axis=1))[:_CANDIDATES]
    return [rows[missed[place]].text for place in central]


def _changes(topic: TopicOptions, candidates: Iterable[str]) -> Iterator[tuple[str, TopicOptions]]:
    examples = topic.examples
    for text in candidates:
        if text in examples:
            continue
        if len(examples) < EXAMPLES_MAX:
            yield "add an example", topic.model_copy(update={"examples": (*examples, text)})
            continue
        for number in range(len(examples)):
            replaced = (*examples[:number], text, *examples[number + 1 :])
            yield f"replace examples[{number}]", topic.model_copy(update={"examples": replaced})
    if len(examples) > 1:
        for number in range(len(examples)):
            yield (
                f"leave out examples[{number}]",
                topic.model_copy(update={"examples": examples[:number] + examples[number + 1 :]}),
            )
    if len(topic.description) > len(topic.name) + 20:
        yield "use the name as the description", topic.model_copy(update={"description": topic.name})
