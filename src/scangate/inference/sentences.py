"""The sentence encoder: one vector for a text, near to those of texts about the same thing, in any of the supported languages.

All twelve layers of the encoder that the guard has six of, over the same word embeddings. What lives here: the ONNX session, cutting,
vectors. What does not: which vectors are near enough; that is the matcher's business. Exported by `training/topics`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.inference.catalog import MODELS_DIR, ModelFolder
from scangate.inference.guard import Window, cut
from scangate.inference.runtime import load_session
from scangate.inference.vocabulary import Vocabulary

TOPICS_DIR: Final = MODELS_DIR / "topics"
WHOLE_TOKENS: Final = 80
"""A text of at most so many tokens, by estimate, is one window: two or three sentences; longer ones are cut where sentences end."""

Floats = NDArray[np.float32]


class SentenceEncoder:
    """Immutable; safe to share between threads."""

    def __init__(self, folder: ModelFolder, vocabulary: Vocabulary) -> None:
        """
        Raises:
            ConfigurationError: the file is no model that this runtime knows.
        """
        self.hidden = folder.manifest.hidden
        self._longest = folder.manifest.window - 2
        self._vocabulary = vocabulary
        self._session = load_session(folder.file("encoder.onnx"))

    def windows(self, text: str) -> list[Window]:
        """Windows that cover the text, each overlapping the next; one for a short text. Linear in the text, without the tokenizer."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        return cut(codes, WHOLE_TOKENS)

    def encode(self, window: str) -> Floats:
        """The vector of a window's text, float32 [hidden], not normalised. One pass, more for text of unusually many tokens."""
        ids = self._vocabulary.ids(window)
        pieces = [ids[start : start + self._longest] for start in range(0, len(ids), self._longest)] or [ids]
        vectors = [self._session.run(["mean"], {"embeddings": self._vocabulary.embeddings(piece)})[0] for piece in pieces]
        mean: Floats = np.average(vectors, axis=0, weights=[len(piece) + 1 for piece in pieces]).astype(np.float32)
        return mean
