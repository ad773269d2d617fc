"""The topic model of a process: encoder, matcher, and the vectors of every text that topics are made of.

A topic's texts are encoded once, when it is stored, and their vectors are kept in the data directory by the hash of the text: no scan,
no other process and no later start pays for them again.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from scangate.detectors.contract import Resources
from scangate.detectors.guard import shared_vocabulary
from scangate.detectors.topic_guardrails.matcher import Floats, Matcher, Prototypes, Vectors
from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.detectors.topic_guardrails.phrases import phrases_of
from scangate.inference.catalog import open_folder
from scangate.inference.sentences import TOPICS_DIR, SentenceEncoder

FOLDER: Final = "topic-vectors"
_KEPT_IN_MEMORY: Final = 4096
"""Vectors of 1.5 KB: those of 600 topics."""


class TopicModel:
    """Safe to share between threads."""

    def __init__(self, encoder: SentenceEncoder, matcher: Matcher, version: str, folder: Path | None = None) -> None:
        """
        Args:
            version: of the encoder; vectors of another one are not read.
            folder: where vectors are kept; None: in memory only.
        """
        self.encoder = encoder
        self.matcher = matcher
        self._version = version
        self._folder = folder
        self._vectors: OrderedDict[str, Floats] = OrderedDict()
        self._lock = Lock()

    def prototypes(self, topics: Sequence[TopicOptions]) -> Prototypes | None:
        """The topics in the matcher's space, in their order; None for none. Encodes what was never encoded: about 5 ms a text."""
        if not topics:
            return None
        return self.matcher.prototypes([self._topic(topic) for topic in topics])

    def prepare(self, topics: Iterable[TopicOptions]) -> None:
        """Encode everything that these topics are made of, so that no scan has to."""
        for topic in topics:
            self._topic(topic)

    def unit(self, text: str) -> Floats:
        """The vector of a text in the matcher's space; kept nowhere."""
        return self.matcher.project(self.encoder.encode(text))

    def centroid(self, topic: TopicOptions) -> Floats:
        """The topic's middle in the matcher's space."""
        return self.matcher.centroid(self._topic(topic))

    def kept_unit(self, text: str) -> Floats:
        """The same for a text that a topic is made of: encoded once and kept."""
        return self.matcher.project(self._vector(text))

    def _topic(self, topic: TopicOptions) -> Vectors:
        description = self._vector(topic.description) if topic.description.strip() else None
        phrases = tuple(map(self._vector, phrases_of(topic.description)))
        examples = tuple(self._vector(text) for text in topic.examples if text.strip())
        return Vectors(self._vector(topic.name), description, phrases, examples)

    def _vector(self, text: str) -> Floats:
        key = hashlib.sha256(f"{self._version}\0{text}".encode("utf-8", "replace")).hexdigest()
        with self._lock:
            if key in self._vectors:
                self._vectors.move_to_end(key)
                return self._vectors[key]
        vector = self._read(key)
        if vector is None:
            vector = self.encoder.encode(text)
            self._write(key, vector)
        with self._lock:
            self._vectors[key] = vector
            while len(self._vectors) > _KEPT_IN_MEMORY:
                self._vectors.popitem(last=False)
        return vector

    def _read(self, key: str) -> Floats | None:
        if self._folder is None:
            return None
        with suppress(OSError, ValueError):
            vector = np.fromfile(self._folder / key[:32], np.float32)
            if vector.shape == (self.encoder.hidden,):
                return vector
        return None

    def _write(self, key: str, vector: Floats) -> None:
        if self._folder is None:
            return
        with suppress(OSError):  # a full disk costs the next start a few milliseconds
            self._folder.mkdir(mode=0o700, exist_ok=True)
            unfinished = self._folder / f"{key[:32]}.{os.getpid()}"
            vector.astype(np.float32).tofile(unfinished)
            unfinished.replace(self._folder / key[:32])


def load_topic_model(resources: Resources, directory: Path = TOPICS_DIR) -> TopicModel:
    """The model, loaded once a process, when the first topic needs it.

    Raises:
        ConfigurationError: a model file is missing, altered, or cannot be used.
    """

    def load() -> TopicModel:
        folder = open_folder(directory)
        encoder = SentenceEncoder(folder, shared_vocabulary(resources))
        kept = resources.data_dir / FOLDER if resources.data_dir is not None else None
        version = folder.manifest.files["encoder.onnx"].sha256
        return TopicModel(encoder, Matcher.load(folder.file("matcher.npz")), version, kept)

    return resources.shared("topic_guardrails.model", load)
