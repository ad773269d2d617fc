"""The guard model: one pass over a window of text answers for prompt injection, agent threats and toxic content.

A text is cut into windows of at most `Manifest.window` tokens, at sentence or line ends where there are some, each overlapping
the next. What lives here: cutting, tokens, the ONNX session, logits. What does not: which windows are worth a pass, and what a
logit means; that is the detectors' business. Trained and exported by `training/guard`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.inference.calibration import Calibration, OperatingPoint, load_calibration, log_odds
from scangate.inference.catalog import MODELS_DIR, ModelFolder, open_folder
from scangate.inference.classifier import Classifier
from scangate.inference.runtime import load_session
from scangate.inference.vocabulary import Vocabulary

GUARD_DIR: Final = MODELS_DIR / "guard"
INJECTION: Final = "injection"
AGENT: Final = "agent"
TOXIC: Final = "toxic"
HEADS: Final = frozenset({INJECTION, AGENT, TOXIC})
"""Those that a user's model may replace."""
KIND: Final = "kind"
INDIRECT: Final = "indirect"
"""The kind of an injection that comes with data, and not from the user."""

_TOKENS_PER_IDEOGRAPH: Final = 0.75
_TOKENS_PER_LETTER: Final = 0.30
"""Rather more than text of the nine languages needs; a window that has more tokens all the same is scored in pieces."""
_FIRST_IDEOGRAPH: Final = 0x2E80
_ENDS: Final = ".!?。！？\n"
_SPACES: Final = " \t\n\u3000、,;"
_PLANE: Final = 0x10000
_OVERLAP: Final = 0.25
"""Share of a window that the next one repeats."""
_PIECE_OVERLAP: Final = 24

Floats = NDArray[np.float32]
Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text, half-open, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Logits of one window: those of its pieces that are highest. `kind` names what kind of injection it would be, if it were one."""

    injection: float
    agent: float
    toxic: Floats
    kind: str


class GuardModel:
    """Immutable; safe to share between threads. `own` are a user's models in place of heads, by the head's name."""

    def __init__(self, folder: ModelFolder, own: Mapping[str, Path] | None = None, vocabulary: Vocabulary | None = None) -> None:
        manifest = folder.manifest
        self.toxic_names: tuple[str, ...] = tuple(manifest.outputs[TOXIC])
        self._own = {head: Classifier(path, self.toxic_names if head == TOXIC else (head,)) for head, path in (own or {}).items()}
        self.calibration = _calibration(load_calibration(folder.file("calibration.json")), self._own)
        self._kinds = manifest.outputs[KIND]
        self._manifest = manifest
        self._vocabulary = vocabulary or Vocabulary(folder)
        self._session = load_session(folder.file("guard.onnx"))

    def windows(self, text: str) -> list[Window]:
        """Windows that cover the text; one for a text that fits. Linear in the text, without the tokenizer."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        return cut(codes, self._manifest.window - 2)

    def score(self, window: str) -> Scores:
        """One pass over a window's text (two or three where it has more tokens than the model takes)."""
        ids = self._vocabulary.ids(window)
        scores = _highest([self._logits(part) for part in _pieces(ids, self._manifest.window - 2)])
        return self._replaced(scores, window.encode("utf-8", "replace").decode("utf-8")) if self._own else scores

    def replaces(self, head: str) -> bool:
        """Whether a user's model answers for this head."""
        return head in self._own

    def _replaced(self, scores: Scores, text: str) -> Scores:
        logits = {
            output: log_odds(chance) for model in self._own.values() for output, chance in model.probabilities(text).items()
        }
        toxic = np.array(
            [logits.get(name, value) for name, value in zip(self.toxic_names, scores.toxic, strict=True)], np.float32
        )
        return Scores(logits.get(INJECTION, scores.injection), logits.get(AGENT, scores.agent), toxic, scores.kind)

    def _logits(self, ids: Sequence[int]) -> Scores:
        embeddings = self._vocabulary.embeddings(ids)
        names = [INJECTION, AGENT, TOXIC, KIND]
        injection, agent, toxic, kind = self._session.run(names, {"embeddings": embeddings})
        return Scores(float(injection[0]), float(agent[0]), toxic[0], self._kinds[int(np.argmax(kind[0]))])


def load_guard(directory: Path = GUARD_DIR, own: Mapping[str, Path] | None = None) -> GuardModel:
    """
    Args:
        directory: the guard's files.
        own: folders of a user's models, by the head (`injection`, `agent`, `toxic`) that each replaces.

    Raises:
        ConfigurationError: a file is missing, altered, or cannot be used.
    """
    return GuardModel(open_folder(directory), own)


def _calibration(shipped: Calibration, own: Mapping[str, Classifier]) -> Calibration:
    """The shipped operating points, and for replaced outputs those that the user's model has."""
    points = {
        output: OperatingPoint(1.0, model.label_map.high, model.label_map.moderate)
        for model in own.values()
        for output in model.outputs
    }
    return Calibration({**shipped.outputs, **points})


def cut(codes: Codes, tokens: int) -> list[Window]:
    """Windows of about 85 % of `tokens` by estimate, so that the true count seldom exceeds it."""
    length = len(codes)
    if not length:
        return [Window(0, 0)]
    weight = np.where(codes >= _FIRST_IDEOGRAPH, _TOKENS_PER_IDEOGRAPH, _TOKENS_PER_LETTER)
    reached = np.cumsum(weight)
    if reached[-1] <= tokens:
        return [Window(0, length)]
    size = 0.85 * tokens
    sentences, words = _latest(codes, _ENDS), _latest(codes, _SPACES)

    def boundary(least: int, most: int) -> int:
        """The last place of [least, most] where a sentence ends, else a word, else `most`."""
        for latest in (sentences, words):
            place = latest.item(most - 1)
            if place >= least:
                return place
        return most

    windows: list[Window] = []
    start = 0
    while True:
        budget = (reached.item(start - 1) if start else 0.0) + size
        last = max(start + 1, int(reached.searchsorted(budget)))
        if last >= length:
            windows.append(Window(start, length))
            return windows
        end = boundary(start + (last - start) // 2, last)
        windows.append(Window(start, end))
        back = end - max(1, int((end - start) * _OVERLAP))
        start = boundary(max(start + 1, back - (end - start) // 4), max(start + 1, back))


def _latest(codes: Codes, marks: str) -> NDArray[np.int32]:
    """At `i`: the last place up to `i + 1` that follows one of these characters of the basic plane; 0 where there is none."""
    marked = np.zeros(_PLANE, bool)
    marked[list(map(ord, marks))] = True
    places = np.arange(1, len(codes) + 1, dtype=np.int32)
    latest: NDArray[np.int32] = np.maximum.accumulate(places * marked[np.minimum(codes, _PLANE - 1)])
    return latest


def _pieces(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    if len(ids) <= size:
        return [ids]
    step = size - _PIECE_OVERLAP
    return [ids[first : first + size] for first in range(0, len(ids) - _PIECE_OVERLAP, step)]


def _highest(scores: Sequence[Scores]) -> Scores:
    if len(scores) == 1:
        return scores[0]
    toxic: Floats = np.max([one.toxic for one in scores], axis=0)
    surest = max(scores, key=lambda one: one.injection)
    return Scores(surest.injection, max(one.agent for one in scores), toxic, surest.kind)
