"""The guard model: one pass over a window of text answers for prompt injection, agent threats and toxic content.

A text is cut into windows of at most `Manifest.window` tokens, at sentence or line ends where there are some, each overlapping
the next. What lives here: cutting, tokens, the ONNX session, logits. What does not: which windows are worth a pass, and what a
logit means; that is the detectors' business. Trained and exported by `training/guard`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scangate.errors import ConfigurationError
from scangate.inference.calibration import load_calibration
from scangate.inference.catalog import MODELS_DIR, ModelFolder, open_folder
from scangate.inference.words import WordTable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

GUARD_DIR: Final = MODELS_DIR / "guard"
INJECTION: Final = "injection"
AGENT: Final = "agent"
TOXIC: Final = "toxic"
KIND: Final = "kind"
INDIRECT: Final = "indirect"
"""The kind of an injection that comes with data, and not from the user."""

_TOKENS_PER_IDEOGRAPH: Final = 0.75
_TOKENS_PER_LETTER: Final = 0.30
"""Rather more than text of the nine languages needs; a window that has more tokens all the same is scored in pieces."""
_FIRST_IDEOGRAPH: Final = 0x2E80
_ENDS: Final = frozenset(map(ord, ".!?。！？\n"))
_SPACES: Final = frozenset(map(ord, " \t\n\u3000、,;"))
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
    """Immutable; safe to share between threads. One thread per pass: scans run side by side instead."""

    def __init__(self, folder: ModelFolder) -> None:
        manifest = folder.manifest
        self.toxic_names: tuple[str, ...] = tuple(manifest.outputs[TOXIC])
        self.calibration = load_calibration(folder.file("calibration.json"))
        self._kinds = manifest.outputs[KIND]
        self._manifest = manifest
        self._words = WordTable(folder.file("words.i8"), folder.file("words.scale.f32"), manifest.vocabulary, manifest.hidden)
        self._tokenizer = _tokenizer(folder.file("tokenizer.json"))
        self._session = _session(folder.file("guard.onnx"))

    def windows(self, text: str) -> list[Window]:
        """Windows that cover the text; one for a text that fits. Linear in the text, without the tokenizer."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        return cut(codes, self._manifest.window - 2)

    def score(self, text: str, window: Window) -> Scores:
        """One pass over a window (two or three where it has more tokens than the model takes)."""
        piece = text[window.start : window.end].encode("utf-8", "replace").decode("utf-8")
        ids = self._tokenizer.encode(piece, add_special_tokens=False).ids
        return _highest([self._logits(part) for part in _pieces(ids, self._manifest.window - 2)])

    def _logits(self, ids: Sequence[int]) -> Scores:
        embeddings = self._words.look_up([self._manifest.start_id, *ids, self._manifest.end_id])[None]
        mask = np.ones((1, embeddings.shape[1]), np.float32)
        names = [INJECTION, AGENT, TOXIC, KIND]
        injection, agent, toxic, kind = self._session.run(names, {"embeddings": embeddings, "mask": mask})
        return Scores(float(injection[0]), float(agent[0]), toxic[0], self._kinds[int(np.argmax(kind[0]))])


def load_guard(directory: Path = GUARD_DIR) -> GuardModel:
    """
    Raises:
        ConfigurationError: a file is missing or altered.
    """
    return GuardModel(open_folder(directory))


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
    sentence_ends = (np.flatnonzero(np.isin(codes, list(_ENDS))) + 1).tolist()
    word_ends = (np.flatnonzero(np.isin(codes, list(_SPACES))) + 1).tolist()
    windows: list[Window] = []
    start = 0
    while True:
        budget = (reached[start - 1] if start else 0.0) + size
        last = max(start + 1, int(np.searchsorted(reached, budget)))
        if last >= length:
            windows.append(Window(start, length))
            return windows
        end = _boundary(sentence_ends, word_ends, start + (last - start) // 2, last)
        windows.append(Window(start, end))
        back = end - max(1, int((end - start) * _OVERLAP))
        start = _boundary(sentence_ends, word_ends, max(start + 1, back - (end - start) // 4), max(start + 1, back))


def _boundary(sentence_ends: list[int], word_ends: list[int], least: int, most: int) -> int:
    """The last place of [least, most] where a sentence ends, else a word, else `most`."""
    for ends in (sentence_ends, word_ends):
        at = bisect_left(ends, most + 1) - 1
        if at >= 0 and ends[at] >= least:
            return ends[at]
    return most


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


def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer  # imported by the thread that loads the model, while others load the rest

    return Tokenizer.from_file(str(path))


def _session(path: Path) -> InferenceSession:
    import onnxruntime  # as above

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception:  # onnxruntime raises classes of its own, all below Exception
        raise ConfigurationError(f"the model file {path.name!r} cannot be loaded") from None
