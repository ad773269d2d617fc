"""What an author should know of a topic when it is stored: what weakens it, and how well it is told from everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scangate.detectors.topic_guardrails.model import TopicModel
from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.matching.language import is_supported

ALIKE: Final = 0.93
"""Cosine of two topics from which on they are as good as one."""
ALARMING_SHARE: Final = 0.05
"""Of general conversation: a topic that matches more is too broad to be useful."""
CONTRADICTION: Final = -4.0
"""Logits that an example has at least when it is left out; below it speaks of something else."""
_SHORT_CHARACTERS: Final = 60
_EXCLUSIONS: Final = frozenset(
    (
        "except",
        "excluding",
        "excludes",
        "außer",
        "ausgenommen",
        "sauf",
        "excepté",
        "excepto",
        "salvo",
        "tranne",
        "eccetto",
        "exceto",
        "кроме",
        "исключая",
    )
)
_EXCLUSION_PHRASES: Final = ("but not", "other than", "do not match", "does not include", "以外", "除外", "除了", "不包括")


class WarningCode(StrEnum):
    """The closed list of what a topic is warned of."""

    ONE_WORD = "one_word"
    DUPLICATE_EXAMPLE = "duplicate_example"
    CONTRADICTORY_EXAMPLE = "contradictory_example"
    EXCLUSION = "exclusion"
    SAME_AS_ANOTHER = "same_as_another"
    NEAR_ANOTHER = "near_another"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    TOO_BROAD = "too_broad"
    NO_EXAMPLE_FOUND = "no_example_found"


@dataclass(frozen=True, slots=True)
class TopicWarning:
    code: WarningCode
    message: str
    """For people; quotes nothing of the topic but other topics' names."""


@dataclass(frozen=True, slots=True)
class TopicQuality:
    """How a topic does without any labelled rows: an estimate, and no replacement for `scangate topics eval`."""

    examples: int
    examples_found: int
    """Those that match the topic when they are left out of it."""
    background_share: float
    """Of general conversation that it matches."""


@dataclass(frozen=True, slots=True)
class TopicReview:
    warnings: tuple[TopicWarning, ...]
    quality: TopicQuality


def review(topic: TopicOptions, others: Sequence[TopicOptions], model: TopicModel) -> TopicReview:
    """
    Args:
        others: the tenant's other topics.
    """
    quality = _quality(topic, model)
    warnings = (*_of_the_text(topic), *_of_others(topic, others, model), *_of_quality(quality), *_contradictions(topic, model))
    return TopicReview(warnings, quality)


def _of_the_text(topic: TopicOptions) -> Iterator[TopicWarning]:
    texts = (topic.name, topic.description, *topic.examples)
    if all(_is_one_word(text) for text in texts):
        yield TopicWarning(
            WarningCode.ONE_WORD, "name, description and examples are single words: whole sentences say what is meant"
        )
    elif topic.examples and all(_is_one_word(text) for text in topic.examples):
        yield TopicWarning(WarningCode.ONE_WORD, "every example is one word: give texts as users write them")
    folded = [_folded(text) for text in topic.examples]
    for number, text in enumerate(folded):
        if text in folded[:number]:
            yield TopicWarning(
                WarningCode.DUPLICATE_EXAMPLE, f"examples[{number}] says the same as examples[{folded.index(text)}]"
            )
        elif text in (_folded(topic.name), _folded(topic.description)):
            yield TopicWarning(WarningCode.DUPLICATE_EXAMPLE, f"examples[{number}] repeats the name or the description")
    description = topic.description.casefold()
    if _EXCLUSIONS & set(description.replace(",", " ").split()) or any(phrase in description for phrase in _EXCLUSION_PHRASES):
        yield TopicWarning(
            WarningCode.EXCLUSION, "the description says what is not meant: what it names is likelier to match for it, not less"
        )
    if any(is_supported(text) is False for text in (" ".join(texts), *(text for text in texts if len(text) > _SHORT_CHARACTERS))):
        yield TopicWarning(
            WarningCode.UNSUPPORTED_LANGUAGE, "a text is in none of the nine supported languages: measure before use"
        )


def _of_others(topic: TopicOptions, others: Sequence[TopicOptions], model: TopicModel) -> Iterator[TopicWarning]:
    others = [other for other in others if other.name != topic.name]
    middle = model.centroid(topic)
    own = sorted(map(_folded, topic.examples))
    for other in others:
        cosine = model.centroid(other) @ middle
        if sorted(map(_folded, other.examples)) == own and _folded(other.description) == _folded(topic.description):
            yield TopicWarning(WarningCode.SAME_AS_ANOTHER, f"it is the topic {other.name!r} under another name")
        elif float(cosine) >= ALIKE:
            yield TopicWarning(WarningCode.NEAR_ANOTHER, f"it can hardly be told from the topic {other.name!r}")


def _of_quality(quality: TopicQuality) -> Iterator[TopicWarning]:
    if quality.background_share > ALARMING_SHARE:
        share = f"{quality.background_share:.1%}"
        yield TopicWarning(WarningCode.TOO_BROAD, f"it matches {share} of general conversation: say more narrowly what is meant")
    if quality.examples > 1 and quality.examples_found == 0:
        yield TopicWarning(
            WarningCode.NO_EXAMPLE_FOUND,
            "no example would be found by the others: they have little in common, or each is too short",
        )


def _contradictions(topic: TopicOptions, model: TopicModel) -> Iterator[TopicWarning]:
    """Examples that are nearer to general conversation than to the rest of the topic."""
    if len(topic.examples) <= 2:
        return
    for number, logit in enumerate(_left_out(topic, model)):
        if logit < CONTRADICTION:
            yield TopicWarning(
                WarningCode.CONTRADICTORY_EXAMPLE, f"examples[{number}] resembles neither the description nor the other examples"
            )


def _quality(topic: TopicOptions, model: TopicModel) -> TopicQuality:
    found = sum(logit >= 0.0 for logit in _left_out(topic, model))
    prototypes = model.prototypes([topic])
    assert prototypes is not None
    share = float((model.matcher.background_logits(prototypes)[:, 0] >= 0.0).mean())
    return TopicQuality(len(topic.examples), found, share)


def _left_out(topic: TopicOptions, model: TopicModel) -> list[float]:
    """Of each example its logit under the topic without it."""
    logits = []
    for number, text in enumerate(topic.examples):
        rest = topic.model_copy(update={"examples": (*topic.examples[:number], *topic.examples[number + 1 :])})
        prototypes = model.prototypes([rest])
        assert prototypes is not None
        logits.append(float(model.matcher.logits(model.kept_unit(text), prototypes)[0]))
    return logits


def _is_one_word(text: str) -> bool:
    return len(text.split()) <= 1 and len(text) <= 20 and not any(ord(letter) >= 0x2E80 for letter in text[4:])


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .?!。？！")
