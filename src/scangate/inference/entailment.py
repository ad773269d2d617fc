"""Does a passage support a claim? The grounding model reads one claim and one passage together and answers with one of three verdicts.

`<s> claim </s></s> passage </s>` in pieces of the shared vocabulary; the graph takes their word embeddings and two marks a token: of
the claim, and standing on the other side as well. Trained and exported by `training/grounding`. A user's own cross-encoder (a Hugging
Face sequence-classification model in ONNX with the labels of natural-language inference) can take its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scangate.errors import ConfigurationError
from scangate.inference.catalog import MODELS_DIR, ModelFolder, open_folder
from scangate.inference.classifier import Classifier
from scangate.inference.runtime import load_session
from scangate.inference.vocabulary import Vocabulary

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

GROUNDING_DIR: Final = MODELS_DIR / "grounding"
GRAPH: Final = "grounding.onnx"
SUPPORTED: Final = "supported"
CONTRADICTED: Final = "contradicted"
ABSENT: Final = "absent"
VERDICTS: Final = (SUPPORTED, CONTRADICTED, ABSENT)
CLAIM_TOKENS: Final = 80
WINDOW_TOKENS: Final = 192
_MARKS: Final = "marks"
_LABELS: Final[Mapping[str, str]] = {
    "entailment": SUPPORTED,
    "entails": SUPPORTED,
    "supported": SUPPORTED,
    "supports": SUPPORTED,
    "consistent": SUPPORTED,
    "contradiction": CONTRADICTED,
    "contradicted": CONTRADICTED,
    "refutes": CONTRADICTED,
    "neutral": ABSENT,
    "not_entailment": ABSENT,
    "not-entailment": ABSENT,
    "absent": ABSENT,
    "hallucinated": ABSENT,
    "inconsistent": ABSENT,
}

Floats = NDArray[np.float32]


class Chances(NamedTuple):
    """What a passage says of a claim: probabilities in [0, 1] that sum to one."""

    supported: float
    contradicted: float
    absent: float


class Entailment(Protocol):
    """Judges one claim against one passage. Immutable; safe to share between threads."""

    threshold: float
    """Chance of `supported` below which a claim counts as unsupported, where nothing else is known of it."""

    def judge(self, claim: str, passage: str) -> Chances:
        """One pass; what is longer than the model reads is cut at the end."""
        ...


class _Calibration(BaseModel):
    model_config = ConfigDict(extra="ignore")

    temperature: float = Field(1.0, gt=0.0)
    threshold: float = Field(0.5, gt=0.0, lt=1.0)


class GroundingModel:
    """The shipped model. Immutable; safe to share between threads."""

    def __init__(self, folder: ModelFolder, vocabulary: Vocabulary) -> None:
        """
        Raises:
            ConfigurationError: the calibration cannot be used.
        """
        calibration = _read_calibration(folder.file("calibration.json"))
        self.threshold = calibration.threshold
        self._temperature = calibration.temperature
        self._window = min(folder.manifest.window, WINDOW_TOKENS)
        self._vocabulary = vocabulary
        self._graph = folder.file(GRAPH)
        self._lock = Lock()
        self._opened: InferenceSession | None = None

    def judge(self, claim: str, passage: str) -> Chances:
        claim_ids = self._vocabulary.ids(claim)[:CLAIM_TOKENS]
        passage_ids = self._vocabulary.ids(passage)[: self._window - 4 - len(claim_ids)]
        feed = {"embeddings": self._vocabulary.embeddings_of_pair(claim_ids, passage_ids), _MARKS: marks(claim_ids, passage_ids)}
        logits = np.asarray(self._session().run(["logits"], feed)[0], np.float64).reshape(-1) / self._temperature
        powers = np.exp(logits - logits.max())
        return Chances(*(float(share) for share in powers / powers.sum()))

    def _session(self) -> InferenceSession:
        """Opened with the first pass (a tenth of a second): most servers never see a context, and every profile that asks for
        grounding would cost them its memory."""
        if self._opened is None:
            with self._lock:
                if self._opened is None:
                    self._opened = load_session(self._graph)
        return self._opened


class OwnEntailment:
    """A user's cross-encoder: pairs of (passage, claim) as premise and hypothesis. Immutable; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            ConfigurationError: a file is missing or cannot be read, or no label means `supported`.
        """
        self._classifier = Classifier(folder, VERDICTS, names=_LABELS)
        if SUPPORTED not in self._classifier.outputs:
            raise ConfigurationError(f"no label of the model {folder.name!r} stands for {SUPPORTED}")
        self.threshold = self._classifier.label_map.moderate

    def judge(self, claim: str, passage: str) -> Chances:
        found = self._classifier.probabilities_of_pair(passage, claim)
        supported = found[SUPPORTED]
        contradicted = found.get(CONTRADICTED, 0.0)
        return Chances(supported, contradicted, max(0.0, 1.0 - supported - contradicted))


def load_entailment(vocabulary: Vocabulary, directory: Path = GROUNDING_DIR, own: Path | None = None) -> Entailment:
    """
    Args:
        vocabulary: what the shipped model shares with the other models of the process.
        directory: the shipped model's files.
        own: folder of a user's model that takes its place.

    Raises:
        ConfigurationError: a file is missing, altered, or cannot be used.
    """
    return OwnEntailment(own) if own is not None else GroundingModel(open_folder(directory), vocabulary)


def marks(claim: Sequence[int], passage: Sequence[int]) -> Floats:
    """Two marks a token, [len(claim) + len(passage) + 4, 2]: of the claim (its start included); standing on the other side as well."""
    marked = np.zeros((len(claim) + len(passage) + 4, 2), np.float32)
    marked[: len(claim) + 1, 0] = 1.0
    if len(claim) and len(passage):
        marked[1 : len(claim) + 1, 1] = np.isin(claim, passage)
        marked[len(claim) + 3 : -1, 1] = np.isin(passage, claim)
    return marked


def _read_calibration(path: Path) -> _Calibration:
    try:
        return _Calibration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ConfigurationError(f"the calibration {path.name!r} is missing or cannot be read") from None
