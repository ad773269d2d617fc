"""Cosines to chances, phrases of descriptions, kept vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scangate.detectors.contract import Resources
from scangate.detectors.topic_guardrails.matcher import FEATURES, Matcher
from scangate.detectors.topic_guardrails.model import FOLDER, TopicModel, load_topic_model
from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.detectors.topic_guardrails.phrases import phrases_of
from scangate.errors import ConfigurationError

COOKING = TopicOptions(name="Cooking", description="Recipes, baking and ingredients", examples=("How do I boil an egg?",))
NAMED = TopicOptions(name="Weather")

PHRASES = [
    ("Loans, cards and accounts: fees; limits.", ["Loans", "cards", "accounts", "fees", "limits"]),
    ("Steuern und Abgaben", ["Steuern", "Abgaben"]),
    ("贷款、信用卡，账户", ["贷款", "信用卡", "账户"]),
    ("One thing", ["One thing"]),
    (", ;", [", ;"]),
    ("", []),
    ("a, a, bb, long, long", ["long"]),
]


@pytest.mark.parametrize(("description", "expected"), PHRASES, ids=range(len(PHRASES)))
def test_phrases_of_a_description(description: str, expected: list[str]) -> None:
    assert phrases_of(description) == expected


def test_features_of_topics_with_different_numbers_of_texts(topic_model: TopicModel) -> None:
    both, alone = topic_model.prototypes([COOKING, NAMED]), topic_model.prototypes([COOKING])
    assert both is not None and alone is not None and len(both) == 2
    text = topic_model.unit("Bake the bread for an hour")
    features = topic_model.matcher.features(text, both)
    assert features.shape == (2, len(FEATURES)) and np.abs(features).max() <= 1.0 + 1e-5
    assert np.allclose(features[0], topic_model.matcher.features(text, alone)[0], atol=1e-5)
    logits = topic_model.matcher.logits(text, both)
    assert logits[0] > logits[1]
    assert topic_model.prototypes([]) is None


def test_an_example_is_nearest_to_itself(topic_model: TopicModel) -> None:
    prototypes = topic_model.prototypes([COOKING])
    assert prototypes is not None
    features = topic_model.matcher.features(topic_model.unit("How do I boil an egg?"), prototypes)
    assert features[0, FEATURES.index("example_max")] == pytest.approx(1.0, abs=1e-4)


def test_a_matcher_survives_its_file_and_refuses_another_kind(topic_model: TopicModel, tmp_path: Path) -> None:
    matcher = topic_model.matcher
    matcher.save(tmp_path / "matcher.npz")
    again = Matcher.load(tmp_path / "matcher.npz")
    assert np.allclose(again.background, matcher.background, atol=0.02) and again.bias == matcher.bias
    np.savez(tmp_path / "other.npz", card=np.array('{"features": ["length"]}'))
    with pytest.raises(ConfigurationError, match="other features"):
        Matcher.load(tmp_path / "other.npz")


def test_vectors_are_kept_in_the_data_directory(tmp_path: Path) -> None:
    first = load_topic_model(Resources(data_dir=tmp_path))
    first.prepare([COOKING])
    kept = sorted(path.name for path in (tmp_path / FOLDER).iterdir())
    assert len(kept) == 2 + len(phrases_of(COOKING.description)) + 1
    stamps = [path.stat().st_mtime_ns for path in sorted((tmp_path / FOLDER).iterdir())]
    second = load_topic_model(Resources(data_dir=tmp_path))
    ours, theirs = first.prototypes([COOKING]), second.prototypes([COOKING])
    assert ours is not None and theirs is not None and np.array_equal(ours.centroids, theirs.centroids)
    assert stamps == [path.stat().st_mtime_ns for path in sorted((tmp_path / FOLDER).iterdir())]
    for path in (tmp_path / FOLDER).iterdir():
        path.write_bytes(b"damaged")
    third = load_topic_model(Resources(data_dir=tmp_path)).prototypes([COOKING])
    assert third is not None and np.array_equal(ours.centroids, third.centroids)
