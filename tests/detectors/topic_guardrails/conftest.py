"""The shipped model and the library's topics, and how these tests scan a text under them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scangate.detectors.contract import Resources, Subject
from scangate.detectors.topic_guardrails import SPEC
from scangate.detectors.topic_guardrails.library import find_in_library
from scangate.detectors.topic_guardrails.model import TopicModel, load_topic_model
from scangate.domain.content import Part
from scangate.domain.finding import Finding
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import PartKind, Side
from scangate.matching.prepare import prepare

Find = Callable[..., list[Finding]]


def reference(topic_id: str) -> dict[str, Any]:
    topic = find_in_library(topic_id)
    return {"topic_name": topic.name, "description": topic.description, "examples": list(topic.examples)}


def protections(*, block: tuple[str, ...] = (), allow: tuple[str, ...] = (), action: str = "block") -> Protections:
    lists = [
        {"action": "allow", "topic": [reference(topic) for topic in allow] or None},
        {"action": "block", "topic": [reference(topic) for topic in block]},
    ]
    return Protections.model_validate({"model-protection": [{"name": "topic-guardrails", "action": action, "topic-list": lists}]})


def subject(text: str, checkpoint: Callable[[], None] = lambda: None) -> Subject:
    return Subject(Part(Side.PROMPT, PartKind.TEXT, text), prepare(text), checkpoint=checkpoint)


@pytest.fixture(scope="session")
def resources() -> Resources:
    return Resources()


@pytest.fixture(scope="session")
def topic_model(resources: Resources) -> TopicModel:
    return load_topic_model(resources)


@pytest.fixture(scope="session")
def find(resources: Resources) -> Find:
    """Findings of a text under topics of the library."""

    def found(text: str, **lists: Any) -> list[Finding]:
        options = SPEC.from_protections(protections(**lists))
        assert options is not None
        return list(SPEC.compile(options, resources).detect(subject(text)))

    return found
