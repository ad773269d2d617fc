"""The ready topics reach their figures on their own rows, in every language, each alone and all of them beside each other."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from scangate.detectors.topic_guardrails.library import find_in_library, load_library
from scangate.detectors.topic_guardrails.model import TopicModel
from scangate.errors import NotFoundError

LANGUAGES = {"en", "de", "fr", "es", "it", "pt", "ru", "ja", "zh"}
TOPICS = list(load_library().values())


@pytest.fixture(scope="module")
def logits(topic_model: TopicModel) -> tuple[list[tuple[int, str, bool]], np.ndarray]:
    """(topic, language, whether it must match) of every row, and its logits under every topic."""
    prototypes = topic_model.prototypes([topic.options() for topic in TOPICS])
    assert prototypes is not None
    rows, found = [], []
    for number, topic in enumerate(TOPICS):
        for texts, label in ((topic.matches, True), (topic.passes, False)):
            for lang, several in texts.items():
                for text in several:
                    rows.append((number, lang, label))
                    found.append(topic_model.matcher.logits(topic_model.unit(text), prototypes))
    return rows, np.stack(found)


def test_there_are_forty_topics_and_more_within_the_limits_of_a_stored_one() -> None:
    assert len(TOPICS) >= 40 and len({topic.name for topic in TOPICS}) == len(TOPICS)
    for topic in TOPICS:
        size = sum(len(text.encode()) for text in (topic.name, topic.description, *topic.examples))
        assert size <= 1000 and len(topic.examples) == 5, topic.id
        assert len(topic.matches) >= 5 and len(topic.passes) >= 2, topic.id
    assert set().union(*(topic.matches for topic in TOPICS)) == LANGUAGES


def test_ready_topics_are_found_by_id_and_by_name() -> None:
    assert find_in_library("tax-advice") is find_in_library("  Tax Advice ")
    with pytest.raises(NotFoundError):
        find_in_library("no such topic")


def test_recall_false_alarms_and_languages(logits: tuple[list[tuple[int, str, bool]], np.ndarray]) -> None:
    rows, found = logits
    own = np.array([found[row, topic] >= 0.0 for row, (topic, _, _) in enumerate(rows)])
    labels = np.array([label for _, _, label in rows])
    elsewhere = np.concatenate([np.delete(found[row], topic) >= 0.0 for row, (topic, _, _) in enumerate(rows)])
    by_language: defaultdict[str, list[bool]] = defaultdict(list)
    for row, (_, lang, label) in enumerate(rows):
        if label:
            by_language[lang].append(bool(own[row]))
    assert own[labels].mean() >= RECALL
    assert own[~labels].mean() <= NEAR_MISSES
    assert elsewhere.mean() <= ELSEWHERE
    shares = {lang: float(np.mean(values)) for lang, values in by_language.items()}
    assert min(shares.values()) >= shares["en"] - LANGUAGE_GAP, shares


RECALL = 0.78
NEAR_MISSES = 0.19
ELSEWHERE = 0.02
LANGUAGE_GAP = 0.08
"""What was measured on 2026-11-27, rounded down; see README.md."""
