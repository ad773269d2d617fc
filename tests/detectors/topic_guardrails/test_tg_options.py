"""From a profile's entry to options."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.detectors.topic_guardrails.conftest import protections

from scangate.detectors.topic_guardrails.options import from_protections
from scangate.domain.profile import Protections
from scangate.domain.taxonomy import Action, Severity


@dataclass
class Stored:
    topic_name: str = "Stored"
    description: str = "As it is stored"
    examples: list[str] = field(default_factory=lambda: ["one", "two"])
    active: bool = True


def entry(**fields: object) -> Protections:
    return Protections.model_validate({"model-protection": [{"name": "topic-guardrails", **fields}]})


def test_off_without_an_action_or_topics() -> None:
    assert from_protections(Protections()) is None
    assert from_protections(protections(block=("gambling",), action="")) is None
    assert from_protections(entry(action="block")) is None
    assert from_protections(entry(action="block", **{"topic-list": [{"action": "allow", "topic": None}]})) is None


def test_topics_of_both_lists_with_severities() -> None:
    options = from_protections(protections(block=("gambling", "gambling"), allow=("recipes",), action="alert"))
    assert options is not None and options.action is Action.ALERT
    assert [topic.name for topic in options.blocked] == ["Gambling"]
    assert [topic.name for topic in options.allowed] == ["Recipes and cooking"]
    assert options.blocked[0].severity is Severity.MEDIUM


def test_a_bound_topic_counts_and_an_inactive_or_missing_one_does_not() -> None:
    lists = [{"action": "block", "topic": [{"topic_name": "x", "topic_id": "y", "severity": "high"}]}]
    policy = entry(action="block", **{"topic-list": lists})
    assert from_protections(policy) is None
    [reference] = policy.model_protection[0].topic_list[0].topic  # type: ignore[index]
    reference.bind(Stored(active=False))
    assert from_protections(policy) is None
    reference.bind(Stored())
    options = from_protections(policy)
    assert options is not None
    [topic] = options.blocked
    assert (topic.name, topic.examples, topic.severity) == ("Stored", ("one", "two"), Severity.HIGH)
