"""From vectors to the chance that a text is about a topic: one function, one threshold, whatever the topic.

A topic is the vectors of its name, its description and its examples. A text's vector is compared with each of them, and with a bank of
general conversation: how near both the text and the topic are to what is said everywhere tells how much a similarity is worth. The
projection and the weights were learnt by `training/topics` on topics that no data set of the figures holds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scangate.errors import ConfigurationError

FEATURES: Final = (
    "example_max", "example_two", "example_mean", "description", "name", "centroid", "text_background", "topic_background",
    "phrase_max", "phrase_two", "concept_overlap", "concept_cosine",
)  # fmt: skip
"""Cosines: the nearest example, the mean of the two nearest, of all; description, name, mean of all; both sides' nearness to the bank; the
nearest phrase of the description, the mean of the two nearest. Then how alike both sides are as mixtures of concepts: broad subjects, so that
a lost suitcase and a flight to Rome are both travelling."""
SHARPNESS: Final = 15.0
"""Of the mixtures: what a cosine is multiplied by before the softmax over concepts."""
NEIGHBOURS: Final = 8
"""Of the bank, whose mean cosine is the nearness to it."""
WINDOW_PENALTY: Final = 0.25
"""Logits that a match must have more for every e-fold of windows: the more places to look at, the likelier one resembles something."""
_TINY: Final = 1e-9

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bundle:
    """So many unit vectors for each topic: `rows` [topics, most, size], `shares` [topics, most] 1 / number for those that are there and 0 for
    what fills up."""

    rows: Floats
    shares: Floats

    def nearest(self, text: Floats) -> tuple[Floats, Floats, Floats]:
        """[topics] each: the highest cosine, the mean of the two highest, the mean of all."""
        cosines = self.rows @ text
        there: Floats = np.where(self.shares > 0, cosines, np.float32(-2.0))
        if there.shape[1] == 1:
            return there[:, 0], there[:, 0], there[:, 0]
        top = -np.partition(-there, 1, axis=1)[:, :2]
        second = np.where(top[:, 1] > -2.0, top[:, 1], top[:, 0])
        two: Floats = ((top[:, 0] + second) / 2).astype(np.float32)
        mean: Floats = (cosines * self.shares).sum(axis=1)
        return top[:, 0], two, mean


@dataclass(frozen=True, slots=True)
class Prototypes:
    """Topics in the matcher's space, unit rows."""

    examples: Bundle
    phrases: Bundle
    descriptions: Floats
    names: Floats
    centroids: Floats
    background: Floats
    """[topics]: nearness of the centroids to the bank."""
    mixtures: Floats
    """[topics, concepts]: shares of the concepts, which add up to one."""

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Vectors:
    """A topic as the encoder gives it, [hidden] each. What it lacks is left empty: the name, or the description, stands for it."""

    name: Floats
    description: Floats | None
    phrases: tuple[Floats, ...]
    examples: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Matcher:
    """Immutable; safe to share between threads."""

    mean: Floats
    projection: Floats
    background: Floats
    concepts: Floats
    small_talk: Floats
    weights: Floats
    bias: float
    small_talk_least: float
    """Cosine to the nearest phrase of small talk from which on a short text counts as such."""

    def project(self, vector: Floats) -> Floats:
        """Into the matcher's space, float32 [..., size], unit length."""
        projected: Floats = np.matmul(vector - self.mean, self.projection).astype(np.float32)
        norms = np.maximum(np.linalg.norm(projected, axis=-1, keepdims=True), _TINY)
        unit: Floats = (projected / norms).astype(np.float32)
        return unit

    def prototypes(self, topics: Sequence[Vectors]) -> Prototypes:
        """At least one topic."""
        names = self.project(np.stack([topic.name for topic in topics]))
        descriptions = self.project(np.stack([_or(topic.description, topic.name) for topic in topics]))
        examples = self._bundle([topic.examples or (_or(topic.description, topic.name),) for topic in topics])
        phrases = self._bundle([topic.phrases or (_or(topic.description, topic.name),) for topic in topics])
        centroids = _centroids(np.einsum("tkd,tk->td", examples.rows, examples.shares), descriptions, names)
        mixed = [
            np.einsum("tkc,tk->tc", self.mixture(examples.rows), examples.shares),
            np.einsum("tkc,tk->tc", self.mixture(phrases.rows), phrases.shares),
            (self.mixture(names) + self.mixture(descriptions)) / 2,
        ]
        mixtures: Floats = np.mean(mixed, axis=0).astype(np.float32)
        return Prototypes(examples, phrases, descriptions, names, centroids, self.nearness(centroids), mixtures)

    def centroid(self, topic: Vectors) -> Floats:
        """The unit centroid of one topic, [size], for those who compare topics and match nothing."""
        given = topic.examples or (_or(topic.description, topic.name),)
        rows = self.project(np.stack([*given, _or(topic.description, topic.name), topic.name]))
        centroid: Floats = _centroids(rows[:-2].mean(axis=0, keepdims=True), rows[-2:-1], rows[-1:])[0]
        return centroid

    def mixture(self, vectors: Floats) -> Floats:
        """Unit vectors [..., size] as mixtures of the concepts, [..., concepts]; each adds up to one."""
        raised = np.exp(SHARPNESS * (vectors @ self.concepts.T - 1.0))
        mixture: Floats = raised / raised.sum(axis=-1, keepdims=True)
        return mixture

    def _bundle(self, vectors: Sequence[Sequence[Floats]]) -> Bundle:
        most = max(map(len, vectors))
        rows = np.zeros((len(vectors), most, self.projection.shape[1]), np.float32)
        shares = np.zeros((len(vectors), most), np.float32)
        for number, given in enumerate(vectors):
            rows[number, : len(given)] = self.project(np.stack(given))
            shares[number, : len(given)] = 1.0 / len(given)
        return Bundle(rows, shares)

    def nearness(self, vectors: Floats) -> Floats:
        """Mean cosine to the nearest of the bank, [n] for unit rows [n, size]."""
        cosines = vectors @ self.background.T
        nearest: Floats = -np.partition(-cosines, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS].mean(axis=1)
        return nearest

    def features(self, text: Floats, prototypes: Prototypes) -> Floats:
        """[topics, len(FEATURES)] for one unit vector."""
        example, example_two, example_mean = prototypes.examples.nearest(text)
        phrase, phrase_two, _ = prototypes.phrases.nearest(text)
        mixture = self.mixture(text)
        columns = (
            example,
            example_two,
            example_mean,
            prototypes.descriptions @ text,
            prototypes.names @ text,
            prototypes.centroids @ text,
            np.full(len(prototypes), self.nearness(text[None])[0], np.float32),
            prototypes.background,
            phrase,
            phrase_two,
            np.sqrt(prototypes.mixtures) @ np.sqrt(mixture),
            prototypes.mixtures @ mixture / np.linalg.norm(prototypes.mixtures, axis=1),
        )
        stacked: Floats = np.stack(columns, axis=1).astype(np.float32)
        return stacked

    def logits(self, text: Floats, prototypes: Prototypes) -> Floats:
        """[topics] for one unit vector; 0 is the threshold."""
        logits: Floats = self.features(text, prototypes) @ self.weights + np.float32(self.bias)
        return logits

    def background_logits(self, prototypes: Prototypes) -> Floats:
        """[a quarter of the bank, topics]: what general conversation would score."""
        logits: Floats = np.stack([self.logits(text, prototypes) for text in self.background[::4]])
        return logits

    def small_talk_cosine(self, text: Floats) -> float:
        """To the nearest phrase of small talk."""
        return float((self.small_talk @ text).max())

    @classmethod
    def load(cls, path: Path) -> Matcher:
        """
        Raises:
            ConfigurationError: the file was made for other features.
        """
        with np.load(path, allow_pickle=False) as file:
            card = json.loads(str(file["card"]))
            if tuple(card["features"]) != FEATURES:
                raise ConfigurationError(f"the matcher {path.name!r} was made for other features")
            return cls(
                mean=file["mean"].astype(np.float32),
                projection=file["projection"].astype(np.float32),
                background=_unit(file["background"]),
                concepts=_unit(file["concepts"]),
                small_talk=_unit(file["small_talk"]),
                weights=np.asarray(card["weights"], np.float32),
                bias=float(card["bias"]),
                small_talk_least=float(card["small_talk_least"]),
            )

    def save(self, path: Path) -> None:
        """Banks in int8, the projection in half precision."""
        card = {
            "features": FEATURES,
            "weights": [float(weight) for weight in self.weights],
            "bias": self.bias,
            "small_talk_least": self.small_talk_least,
        }
        np.savez_compressed(
            path,
            card=np.array(json.dumps(card)),
            mean=self.mean.astype(np.float32),
            projection=self.projection.astype(np.float16),
            background=_packed(self.background),
            concepts=_packed(self.concepts),
            small_talk=_packed(self.small_talk),
        )


def _centroids(examples: Floats, descriptions: Floats, names: Floats) -> Floats:
    together = examples + np.float32(0.5) * (descriptions + names)
    centroids: Floats = together / np.maximum(np.linalg.norm(together, axis=1, keepdims=True), _TINY)
    return centroids


def _or(vector: Floats | None, other: Floats) -> Floats:
    return other if vector is None else vector


def _packed(rows: Floats) -> NDArray[np.int8]:
    peaks = np.abs(rows).max(axis=1, keepdims=True)
    packed: NDArray[np.int8] = np.rint(rows / np.maximum(peaks, _TINY) * 127).astype(np.int8)
    return packed


def _unit(rows: NDArray[np.int8]) -> Floats:
    wide = rows.astype(np.float32)
    unit: Floats = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), _TINY)
    return unit
