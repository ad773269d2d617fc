"""The topics that a policy refers to: by id, or by name where it gives no id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.errors import ProfileInvalidError
from scangate.profiles import topic_repository

TOPICS_MAX: Final = 20
"""Different topics in one profile, as on the hosted service."""

Reference = dict[str, Any]


def topic_references(policy: dict[str, Any]) -> Iterator[tuple[str, Reference]]:
    """`(path, reference object)` of a policy that was parsed; the objects are the policy's own."""
    for number, profile in enumerate(policy["ai-security-profiles"]):
        start = f"ai-security-profiles[{number}]"
        if profile.get("model-configuration"):
            yield from _of_configuration(profile["model-configuration"], f"{start}.model-configuration")
        for direction, configuration in (profile.get("content-type-configurations") or {}).items():
            yield from _of_configuration(configuration, f"{start}.content-type-configurations.{direction}")


def _of_configuration(configuration: dict[str, Any], path: str) -> Iterator[tuple[str, Reference]]:
    for entry_number, entry in enumerate(configuration.get("model-protection") or ()):
        for list_number, bucket in enumerate(entry.get("topic-list") or ()):
            for number, reference in enumerate(bucket.get("topic") or ()):
                yield f"{path}.model-protection[{entry_number}].topic-list[{list_number}].topic[{number}]", reference


async def resolve_topics(connection: AsyncConnection, tsg_id: str, policy: dict[str, Any]) -> set[str]:
    """The ids of all topics of a policy. What a reference leaves out (id, name, revision) is filled in, in place.

    Where both are given the id counts: a topic may have been renamed since.

    Raises:
        ProfileInvalidError: this tenant has no such topic, or there are too many; with the path.
    """
    references = list(topic_references(policy))
    if not references:
        return set()
    ids = {reference["topic_id"] for _, reference in references if reference.get("topic_id")}
    names = {
        reference["topic_name"] for _, reference in references if not reference.get("topic_id") and reference.get("topic_name")
    }
    if len(ids) + len(names) > TOPICS_MAX:
        raise ProfileInvalidError(f"at most {TOPICS_MAX} topics in a profile, not {len(ids) + len(names)}")
    found = await topic_repository.find_some(connection, tsg_id, ids, names)
    by_id, by_name = {topic.topic_id: topic for topic in found}, {topic.topic_name: topic for topic in found}
    for path, reference in references:
        given: str = reference.get("topic_id") or reference.get("topic_name") or ""
        topic = by_id.get(given) if reference.get("topic_id") else by_name.get(given)
        if topic is None:
            raise ProfileInvalidError(f"no topic {given!r}" if given else "a topic_id or a topic_name is required", path=path)
        reference["topic_id"] = topic.topic_id
        reference["topic_name"] = reference.get("topic_name") or topic.topic_name
        if reference.get("revision") is None:
            reference["revision"] = topic.revision
    return set(by_id) & {reference["topic_id"] for _, reference in references}
