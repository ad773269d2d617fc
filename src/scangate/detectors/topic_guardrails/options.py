"""What a profile asks of topic guardrails: topics that are blocked, topics that alone are allowed, and what follows."""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from scangate.domain.profile import Protections, TopicReference
from scangate.domain.taxonomy import Action, Severity

DEFAULT_SEVERITY: Final = Severity.MEDIUM


@runtime_checkable
class BoundTopic(Protocol):
    """What a reference of a profile may be bound to: a tenant's stored topic."""

    @property
    def topic_name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def examples(self) -> list[str]: ...
    @property
    def active(self) -> bool: ...


class TopicOptions(BaseModel):
    """One topic with everything that its meaning follows from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Shown in details and reports.")
    description: str = Field("", description="What the topic is, in a sentence.")
    examples: tuple[str, ...] = Field((), description="Texts of the topic.")
    severity: Severity = Field(DEFAULT_SEVERITY, description="Severity of a match of a blocked topic.")


class TopicGuardrailsOptions(BaseModel):
    """At least one topic is on a list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action = Field(description="What follows from a violation.")
    severity: Severity = Field(DEFAULT_SEVERITY, description="Severity of content that no allowed topic matches.")
    blocked: tuple[TopicOptions, ...] = Field((), description="A match is a violation.")
    allowed: tuple[TopicOptions, ...] = Field(
        (), description="Content that matches none of these is a violation, where there are any."
    )


def from_protections(protections: Protections) -> TopicGuardrailsOptions | None:
    """The options of `topic-guardrails`; None when it is off or names no topic that is there and active."""
    entry = protections.model("topic-guardrails")
    if entry is None or not entry.action:
        return None
    action = entry.simple_action() or Action.BLOCK
    severity = entry.severity or DEFAULT_SEVERITY
    lists: dict[str, dict[str, TopicOptions]] = {"allow": {}, "block": {}}
    for bucket in entry.topic_list or ():
        for reference in bucket.topic:
            topic = _topic(reference, severity)
            if topic is not None:
                lists[bucket.action].setdefault(topic.name, topic)
    if not lists["allow"] and not lists["block"]:
        return None
    blocked, allowed = tuple(lists["block"].values()), tuple(lists["allow"].values())
    return TopicGuardrailsOptions(action=action, severity=severity, blocked=blocked, allowed=allowed)


def _topic(reference: TopicReference, severity: Severity) -> TopicOptions | None:
    severity = reference.severity or severity
    own = reference.own
    if isinstance(own, BoundTopic):
        if not own.active:
            return None
        return TopicOptions(name=own.topic_name, description=own.description, examples=tuple(own.examples), severity=severity)
    if reference.description or reference.examples:
        return TopicOptions(
            name=reference.topic_name,
            description=reference.description or "",
            examples=tuple(reference.examples or ()),
            severity=severity,
        )
    return None
