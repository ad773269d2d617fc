"""Learns the matcher of topic guardrails: a projection of the encoder's vectors and the weights of its cosines.

python -m training.topics.matcher --model DIR --guard DIR --bank FILE --out FILE [--false-alarms 0.015]

Trained on the project's own rows only: `training/data/topics.jsonl` (topics with texts that are about them and near misses) and
`training/data/topic_domains.txt` (broad subjects with a dozen texts each, in nine languages). `--bank` is general conversation, JSON lines with
`text` and `lang`: only its vectors are kept, in eight bits.

1. projection: within-subject scatter, whitened. What differs between texts of one subject (language, form, length) counts little then.
2. concepts: the mean vectors of the broad subjects.
3. weights: a logistic regression on the runtime's own features, every topic against texts of its own and of all other topics. Subjects of one half
   are concepts while those of the other half are topics, so that no topic is its own concept.
4. bias: so far that `--false-alarms` of the other topics' texts of topics that were held out match.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from scangate.detectors.topic_guardrails.matcher import FEATURES, Floats, Matcher, Prototypes, Vectors
from scangate.detectors.topic_guardrails.phrases import phrases_of
from scangate.inference.catalog import Manifest, ModelFolder
from scangate.inference.sentences import SentenceEncoder
from scangate.inference.vocabulary import Vocabulary

DATA = Path(__file__).parents[1] / "data"
EXAMPLES = 5
DRAWS = 2
"""Of examples among a broad subject's texts."""
HELD_OUT = 5
"""One topic in so many tells where the threshold lies, and trains nothing."""
SHRINKAGE = 1.0
DECAY = 1e-4
SMALL_TALK = 0.45
"""Cosine to the nearest phrase: one text of general conversation in a hundred has 0.38, nine phrases in ten have 0.41 to the others."""


@dataclass(slots=True)
class Topic:
    name: str
    description: str
    examples: list[str]
    about: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)


class Encoded:
    """Vectors of texts, kept in a file from run to run."""

    def __init__(self, model: Path, guard: Path, cache: Path) -> None:
        opened = ModelFolder(guard, Manifest.model_validate_json((guard / "manifest.json").read_bytes()))
        manifest = opened.manifest.model_copy(
            update={"window": 128, "files": {"encoder.onnx": opened.manifest.files["guard.onnx"]}}
        )
        self._encoder = SentenceEncoder(ModelFolder(model, manifest), Vocabulary(opened))
        self._cache = cache
        self._vectors: dict[str, Floats] = {}
        if cache.exists():
            with np.load(cache) as file:
                self._vectors = dict(zip(json.loads(str(file["texts"])), file["vectors"].astype(np.float32), strict=True))

    def __getitem__(self, text: str) -> Floats:
        if text not in self._vectors:
            self._vectors[text] = self._encoder.encode(text).astype(np.float16).astype(np.float32)
        return self._vectors[text]

    def rows(self, texts: Sequence[str]) -> Floats:
        return np.stack([self[text] for text in texts])

    def keep(self) -> None:
        vectors = np.stack(list(self._vectors.values())).astype(np.float16)
        np.savez(self._cache, texts=np.array(json.dumps(list(self._vectors))), vectors=vectors)


def own_topics(file: Path) -> list[Topic]:
    found: dict[str, Topic] = {}
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            given = row["topic"]
            topic = found.setdefault(given["name"], Topic(given["name"], given["description"], given["examples"]))
            (topic.about if row["label"] else topic.near).append(row["text"])
    return list(found.values())


def domains(file: Path) -> list[Topic]:
    """`# name | description`, then a text a line."""
    found: list[Topic] = []
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line.startswith("# "):
            name, _, description = line[2:].partition(" | ")
            found.append(Topic(name, description, []))
        elif line:
            found[-1].about.append(line)
    return found


def lines_of(file: Path) -> list[str]:
    """`language|text` a line."""
    return [line.partition("|")[2] for line in file.read_text(encoding="utf-8").split("\n") if line]


def projection(groups: Sequence[Floats]) -> Floats:
    scatter = sum((group - group.mean(axis=0)).T @ (group - group.mean(axis=0)) for group in groups)
    values, vectors = np.linalg.eigh(scatter / sum(map(len, groups)))
    whitened = vectors @ np.diag((values + SHRINKAGE * values.mean()) ** -0.5) @ vectors.T
    return (whitened / np.abs(whitened).max()).astype(np.float32)


def vectors_of(topic: Topic, encoded: Encoded) -> Vectors:
    phrases = tuple(encoded[phrase] for phrase in phrases_of(topic.description))
    return Vectors(encoded[topic.name], encoded[topic.description], phrases, tuple(encoded[text] for text in topic.examples))


@dataclass(slots=True)
class Pairs:
    features: list[Floats] = field(default_factory=list)
    labels: list[np.ndarray] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)

    def add(self, matcher: Matcher, prototypes: Prototypes, text: Floats, own: int, label: bool) -> None:
        """A text against every topic: its own one counts eight times where it is about it, four times where it nearly is."""
        labels, weights = np.zeros(len(prototypes)), np.ones(len(prototypes))
        labels[own], weights[own] = label, 8.0 if label else 4.0
        self.features.append(matcher.features(matcher.project(text), prototypes))
        self.labels.append(labels)
        self.weights.append(weights)


def concepts(matcher: Matcher, subjects: Sequence[Topic], encoded: Encoded) -> Floats:
    means = np.stack([matcher.project(encoded.rows(subject.about)).mean(axis=0) for subject in subjects])
    unit: Floats = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
    return unit


def pairs_of(
    matcher: Matcher,
    topics: Sequence[Topic],
    encoded: Encoded,
    *,
    sample: int | None = None,
    rng: random.Random | None = None,
) -> Pairs:
    """Every text, or a sample of them, against every topic."""
    prototypes = matcher.prototypes([vectors_of(topic, encoded) for topic in topics])
    pairs = Pairs()
    rows = [
        (own, text, label)
        for own, topic in enumerate(topics)
        for texts, label in ((topic.about, True), (topic.near, False))
        for text in texts
    ]
    if sample is not None and rng is not None:
        rows = rng.sample(rows, min(sample, len(rows)))
    for own, text, label in rows:
        pairs.add(matcher, prototypes, encoded[text], own, label)
    return pairs


def drawn(subjects: Sequence[Topic], rng: random.Random) -> list[Topic]:
    """Each subject with some of its texts as examples and the rest to be found."""
    found = []
    for subject in subjects:
        texts = rng.sample(subject.about, len(subject.about))
        found.append(replace(subject, examples=texts[:EXAMPLES], about=texts[EXAMPLES:]))
    return found


def regression(features: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights and, last, the bias. No likeness may speak against a match, and nearness to general conversation not for one."""
    inputs = np.hstack([features, np.ones((len(features), 1))])
    signs = 2.0 * labels - 1.0
    share = weights / weights.sum()

    def loss(guess: np.ndarray) -> tuple[float, np.ndarray]:
        margins = signs * (inputs @ guess)
        wrong = 1.0 / (1.0 + np.exp(np.clip(margins, -50, 50)))
        slope = inputs.T @ (-share * signs * wrong) + 2 * DECAY * np.append(guess[:-1], 0.0)
        return float((share * np.logaddexp(0.0, -margins)).sum() + DECAY * (guess[:-1] ** 2).sum()), slope

    against = {"text_background", "topic_background"}
    bounds = [(None, 0.0) if name in against else (0.0, None) for name in FEATURES]
    found: np.ndarray = minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, bounds=[*bounds, (None, None)], method="L-BFGS-B").x
    return found


def threshold(pairs: Pairs, matcher: Matcher, share: float) -> tuple[float, float]:
    """(logit that so large a share of what is not about a topic reaches, share of what is about it above it)."""
    logits = np.concatenate(pairs.features) @ matcher.weights + matcher.bias
    labels = np.concatenate(pairs.labels) > 0
    least = float(np.quantile(logits[~labels], 1.0 - share))
    return least, float((logits[labels] > least).mean())


def main() -> None:
    options = argparse.ArgumentParser(description="Learns the matcher; see the module's text.")
    options.add_argument("--model", type=Path, required=True, help="folder with encoder.onnx")
    options.add_argument("--guard", type=Path, required=True, help="the guard's folder, for words and tokenizer")
    options.add_argument("--bank", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--cache", type=Path, default=Path("topic-vectors.npz"))
    options.add_argument("--false-alarms", type=float, default=0.015)
    arguments = options.parse_args()
    rng = random.Random(0)
    encoded = Encoded(arguments.model, arguments.guard, arguments.cache)
    topics, subjects = own_topics(DATA / "topics.jsonl"), domains(DATA / "topic_domains.txt")
    bank_rows = [json.loads(line)["text"] for line in arguments.bank.read_text(encoding="utf-8").split("\n") if line]
    small_talk = lines_of(DATA / "small_talk.txt")
    training = [topic for number, topic in enumerate(topics) if number % HELD_OUT]
    held_out = [topic for number, topic in enumerate(topics) if number % HELD_OUT == 0]
    groups = [encoded.rows(topic.about) for topic in (*training, *subjects)]
    bank = encoded.rows(bank_rows)
    everything = np.concatenate([*groups, *(encoded.rows(topic.near) for topic in training if topic.near)])
    empty = np.zeros((0, 0), np.float32)
    weights = np.zeros(len(FEATURES), np.float32)
    matcher = Matcher(everything.mean(axis=0), projection(groups), empty, empty, empty, weights, 0.0, SMALL_TALK)
    matcher = replace(matcher, background=matcher.project(bank), small_talk=matcher.project(encoded.rows(small_talk)))
    sets = []
    for half in (0, 1):
        halved = replace(matcher, concepts=concepts(matcher, subjects[half::2], encoded))
        sets.append(pairs_of(halved, training[half::2], encoded, sample=500, rng=rng))
        sets += [pairs_of(halved, drawn(subjects[1 - half :: 2], rng), encoded) for _ in range(DRAWS)]
    matcher = replace(matcher, concepts=concepts(matcher, subjects, encoded))
    features = np.concatenate([row for pairs in sets for row in pairs.features])
    labels = np.concatenate([row for pairs in sets for row in pairs.labels])
    weights = np.concatenate([row for pairs in sets for row in pairs.weights])
    chosen = (weights > 1) | (np.random.default_rng(0).random(len(weights)) < 0.4)
    fitted = regression(features[chosen].astype(np.float64), labels[chosen], weights[chosen])
    matcher = replace(matcher, weights=fitted[:-1].astype(np.float32), bias=float(fitted[-1]))
    checks = pairs_of(matcher, held_out, encoded)
    least, found = threshold(checks, matcher, arguments.false_alarms)
    matcher = replace(matcher, bias=matcher.bias - least)
    matcher.save(arguments.out)
    encoded.keep()
    print(
        json.dumps(
            {
                "topics": len(training), "held_out": len(held_out), "subjects": len(subjects), "bank": len(bank),
                "weights": dict(zip(FEATURES, np.round(matcher.weights, 2).tolist(), strict=True)),
                "held_out_recall": round(found, 4), "shift": round(least, 3),
            },
            indent=1,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
