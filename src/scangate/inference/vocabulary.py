"""Tokenizer and word embeddings that all of the project's models share: a process keeps one of each, whatever it runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scangate.inference.catalog import ModelFolder
from scangate.inference.runtime import load_tokenizer
from scangate.inference.words import WordTable

Floats = NDArray[np.float32]


class Vocabulary:
    """Immutable; safe to share between threads."""

    def __init__(self, folder: ModelFolder) -> None:
        """
        Args:
            folder: the model folder that holds both, which is the guard's.

        Raises:
            ConfigurationError: a file cannot be used.
        """
        manifest = folder.manifest
        self._start, self._end = manifest.start_id, manifest.end_id
        self._words = WordTable(folder.file("words.i8"), folder.file("words.scale.f32"), manifest.vocabulary, manifest.hidden)
        self._tokenizer = load_tokenizer(folder.file("tokenizer.json"))

    def ids(self, text: str) -> list[int]:
        """The pieces of a text, without start and end. Lone surrogates become question marks."""
        found: list[int] = self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"), add_special_tokens=False).ids
        return found

    def embeddings(self, ids: Sequence[int]) -> Floats:
        """Word embeddings of pieces between start and end, float32 [len(ids) + 2, hidden]: what the models' graphs take."""
        return self._words.look_up([self._start, *ids, self._end])

    def embeddings_of_pair(self, first: Sequence[int], second: Sequence[int]) -> Floats:
        """As above for two texts read together, float32 [len(first) + len(second) + 4, hidden]: start, first, end, end, second, end."""
        return self._words.look_up([self._start, *first, self._end, self._end, *second, self._end])
