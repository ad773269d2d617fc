"""What an author learns of a topic: warnings and estimated quality when it is stored, and how it does on labelled rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from scangate.detectors.contract import Resources
from scangate.detectors.topic_guardrails.checks import TopicReview, review
from scangate.detectors.topic_guardrails.evaluation import Evaluation, LabelledText, Shares, evaluate_topic
from scangate.detectors.topic_guardrails.model import load_topic_model
from scangate.detectors.topic_guardrails.options import TopicOptions
from scangate.engine.deadline import Deadline
from scangate.errors import DeadlineExceededError, RequestInvalidError
from scangate.profiles.topics import TopicDraft, Topics

ROWS_MAX: Final = 2000
EVALUATION_SECONDS: Final = 30.0
_OTHERS: Final = 200
"""Topics of the tenant that a new one is compared with."""


class TopicReviews:
    """The model is loaded by the first call of a process."""

    def __init__(self, topics: Topics, resources: Resources) -> None:
        self._topics = topics
        self._resources = resources

    async def review(self, tsg_id: str, draft: TopicDraft) -> TopicReview:
        """Also keeps the vectors of the topic's texts, so that no scan has to make them.

        Raises:
            ConfigurationError: a model file is missing or altered.
        """
        others = [
            TopicOptions(name=topic.topic_name, description=topic.description, examples=tuple(topic.examples))
            for topic in await self._topics.page(tsg_id, limit=_OTHERS)
        ]
        return await asyncio.to_thread(lambda: review(options_of(draft), others, load_topic_model(self._resources)))

    async def evaluate(
        self, draft: TopicDraft, rows: Sequence[LabelledText], *, seconds: float = EVALUATION_SECONDS
    ) -> Evaluation:
        """
        Raises:
            RequestInvalidError: there is no row, or more than may be judged in that time.
            ConfigurationError: a model file is missing or altered.
        """
        if not rows:
            raise RequestInvalidError("rows: at least one is required")
        deadline = Deadline.after(seconds)
        try:
            return await asyncio.to_thread(
                lambda: evaluate_topic(options_of(draft), rows, load_topic_model(self._resources), deadline.check)
            )
        except DeadlineExceededError:
            raise RequestInvalidError(f"rows: not judged within {seconds:.0f} seconds; send fewer or shorter ones") from None


def options_of(draft: TopicDraft) -> TopicOptions:
    return TopicOptions(name=draft.name, description=draft.description, examples=tuple(draft.examples))


def review_object(found: TopicReview) -> dict[str, Any]:
    """As the management API and the command line print it."""
    return {
        "warnings": [{"code": warning.code.value, "message": warning.message} for warning in found.warnings],
        "quality": {
            "examples": found.quality.examples,
            "examples_found": found.quality.examples_found,
            "background_share": round(found.quality.background_share, 4),
        },
    }


def evaluation_object(found: Evaluation, rows: Sequence[LabelledText]) -> dict[str, Any]:
    """As the management API and the command line print it; mistakes quote the first 200 characters of the caller's own rows."""
    suggestion = None
    if found.suggestion is not None:
        changed = found.suggestion.topic
        suggestion = {
            "change": found.suggestion.change,
            "topic": {"topic_name": changed.name, "description": changed.description, "examples": list(changed.examples)},
            **_shares(found.suggestion.shares),
        }
    return {
        "rows": found.rows,
        "about_the_topic": found.about,
        **_shares(found.shares),
        "by_language": {lang: _shares(shares) for lang, shares in found.by_language.items()},
        "worst_mistakes": [
            {"row": mistake.row, "label": int(mistake.label), "score": mistake.score, "text": rows[mistake.row].text[:200]}
            for mistake in found.mistakes
        ],
        "suggestion": suggestion,
    }


def _shares(shares: Shares) -> dict[str, float | None]:
    return {
        name: None if value is None else round(value, 4)
        for name, value in (("coverage", shares.coverage), ("false_alarms", shares.false_alarms))
    }
