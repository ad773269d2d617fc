"""Warnings and estimated quality of a topic, and its evaluation on labelled rows."""

from __future__ import annotations

import pytest

from scangate.detectors.topic_guardrails.checks import WarningCode, review
from scangate.detectors.topic_guardrails.evaluation import EXAMPLES_MAX, LabelledText, evaluate_topic
from scangate.detectors.topic_guardrails.library import find_in_library, load_library
from scangate.detectors.topic_guardrails.model import TopicModel
from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.errors import DeadlineExceededError

TAX = find_in_library("tax-advice").options()


def changed(**fields: object) -> TopicOptions:
    return TAX.model_copy(update=fields)


FAULTS = [
    (TopicOptions(name="tax", description="tax", examples=("tax",)), WarningCode.ONE_WORD),
    (changed(examples=("tax", "duty", "levy")), WarningCode.ONE_WORD),
    (changed(examples=(*TAX.examples[:4], TAX.examples[0].upper() + "?")), WarningCode.DUPLICATE_EXAMPLE),
    (changed(examples=(*TAX.examples[:4], "Tax advice")), WarningCode.DUPLICATE_EXAMPLE),
    (changed(examples=(*TAX.examples[:4], "The cat sleeps on the warm roof.")), WarningCode.CONTRADICTORY_EXAMPLE),
    (changed(description="Advice on taxes, except value added tax"), WarningCode.EXCLUSION),
    (changed(description="税務に関する助言。ただし相続税は除外"), WarningCode.EXCLUSION),
    (changed(name="Taxes", description=TAX.description), WarningCode.SAME_AS_ANOTHER),
    (changed(name="Tax consultation"), WarningCode.SAME_AS_ANOTHER),
    (
        TopicOptions(
            name="Doradztwo podatkowe",
            description="Porady dotyczące tego, jak zmniejszyć lub rozliczyć podatki",
            examples=("Jak zapłacić mniej podatku dochodowego w tym roku?", "Czy mogę odliczyć domowe biuro od podatku?"),
        ),
        WarningCode.UNSUPPORTED_LANGUAGE,
    ),
]


@pytest.mark.parametrize(("topic", "code"), FAULTS, ids=range(len(FAULTS)))
def test_a_weak_topic_is_warned_of(topic: TopicOptions, code: WarningCode, topic_model: TopicModel) -> None:
    found = review(topic, [TAX, find_in_library("weather").options()], topic_model)
    assert code in {warning.code for warning in found.warnings}
    assert all(text not in warning.message for warning in found.warnings for text in topic.examples if len(text) > 10)


def test_the_texts_of_the_library_are_warned_of_nothing(topic_model: TopicModel) -> None:
    topics = [topic.options() for topic in load_library().values()][::8]
    of_texts = {WarningCode.ONE_WORD, WarningCode.DUPLICATE_EXAMPLE, WarningCode.EXCLUSION, WarningCode.UNSUPPORTED_LANGUAGE}
    for topic in topics:
        codes = {warning.code for warning in review(topic, topics, topic_model).warnings}
        assert not codes & {*of_texts, WarningCode.SAME_AS_ANOTHER, WarningCode.NEAR_ANOTHER}, topic.name


def test_quality_counts_examples_that_the_others_find(topic_model: TopicModel) -> None:
    quality = review(TAX, [], topic_model).quality
    assert quality.examples == 5 and 2 <= quality.examples_found <= 5 and quality.background_share <= 0.02


def rows_of(topic_id: str) -> list[LabelledText]:
    topic = find_in_library(topic_id)
    return [
        LabelledText(text, label, lang)
        for several, label in ((topic.matches, True), (topic.passes, False))
        for lang, texts in several.items()
        for text in texts
    ]


def test_shares_languages_and_worst_mistakes(topic_model: TopicModel) -> None:
    rows = [*rows_of("recipes"), LabelledText("The election is on Sunday.", True, "xx")]
    found = evaluate_topic(find_in_library("recipes").options(), rows, topic_model)
    assert found.rows == len(rows) and found.about == sum(row.label for row in rows)
    assert found.shares.coverage is not None and found.shares.coverage > 0.5
    assert found.shares.false_alarms is not None and found.shares.false_alarms < 0.5
    assert found.by_language["xx"].coverage == 0.0 and found.by_language["xx"].false_alarms is None
    assert any(mistake.row == len(rows) - 1 and mistake.label and mistake.score < 0.5 for mistake in found.mistakes)


def test_a_suggestion_covers_more_than_the_topic_did(topic_model: TopicModel) -> None:
    narrow = TopicOptions(name="Cooking", description="Cooking", examples=("How do I boil an egg?",))
    found = evaluate_topic(narrow, rows_of("recipes"), topic_model)
    assert found.suggestion is not None and found.shares.coverage is not None and found.suggestion.shares.coverage is not None
    assert found.suggestion.shares.worth > found.shares.worth
    assert 1 <= len(found.suggestion.topic.examples) <= EXAMPLES_MAX
    again = evaluate_topic(found.suggestion.topic, rows_of("recipes"), topic_model)
    assert again.shares == found.suggestion.shares


def test_an_evaluation_stops_at_its_deadline(topic_model: TopicModel) -> None:
    def checkpoint() -> None:
        raise DeadlineExceededError

    with pytest.raises(DeadlineExceededError):
        evaluate_topic(TAX, rows_of("recipes"), topic_model, checkpoint)
