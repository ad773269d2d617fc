"""Custom topics: what may be stored, and their changes. An update makes the next revision under the same id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.domain.ids import is_uuid, new_id
from scangate.domain.moments import timestamp
from scangate.errors import ConflictError, NotFoundError, RequestInvalidError
from scangate.identity import audit
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles import repository, topic_repository
from scangate.profiles.changes import FORCED
from scangate.profiles.texts import checked_text
from scangate.profiles.topic_repository import Topic

TOPIC_NAME_MAX: Final = 100
DESCRIPTION_MAX: Final = 250
EXAMPLE_MAX: Final = 250
EXAMPLES_MAX: Final = 5
TOTAL_MAX: Final = 1000
"""Bytes of UTF-8, as all of these but the number of examples; the total is name, description and examples together."""
_REFERRERS: Final = 1000
"""Most revisions that a refusal names."""


@dataclass(frozen=True, slots=True)
class TopicDraft:
    """A topic within its limits."""

    name: str
    description: str
    examples: list[str]
    active: bool = True


def checked_topic(name: object, description: object, examples: object, *, active: object = None) -> TopicDraft:
    """
    Raises:
        RequestInvalidError: with the field and the limit that it breaks, and nothing of the text.
    """
    checked_name = _checked("topic_name", name, TOPIC_NAME_MAX, single_line=True)
    checked_description = _checked("description", description, DESCRIPTION_MAX)
    if not isinstance(examples, list) or not 1 <= len(examples) <= EXAMPLES_MAX:
        raise RequestInvalidError(f"examples: a list of 1 to {EXAMPLES_MAX} texts is required")
    checked_examples = [_checked(f"examples[{number}]", text, EXAMPLE_MAX) for number, text in enumerate(examples)]
    total = sum(len(text.encode("utf-8")) for text in (checked_name, checked_description, *checked_examples))
    if total > TOTAL_MAX:
        raise RequestInvalidError(
            f"topic_name, description and examples have at most {TOTAL_MAX} bytes in UTF-8 together, not {total}"
        )
    if active is not None and not isinstance(active, bool):
        raise RequestInvalidError("active: must be true or false")
    return TopicDraft(checked_name, checked_description, checked_examples, active is not False)


def _checked(field: str, value: object, max_bytes: int, *, single_line: bool = False) -> str:
    try:
        return checked_text(value, max_bytes, single_line=single_line)
    except ValueError as error:
        raise RequestInvalidError(f"{field}: {error}") from None


def draft_of(topic: Topic) -> TopicDraft:
    """A stored topic as it would be sent."""
    return TopicDraft(topic.topic_name, topic.description, topic.examples, topic.active)


def topic_object(topic: Topic) -> dict[str, Any]:
    """The CustomTopicObject of the management API."""
    return {
        "topic_id": topic.topic_id,
        "topic_name": topic.topic_name,
        "tsg_id": topic.tsg_id,
        "revision": topic.revision,
        "active": topic.active,
        "description": topic.description,
        "examples": topic.examples,
        "created_by": topic.created_by,
        "updated_by": topic.updated_by,
        "created_ts": timestamp(topic.created_at),
        "last_modified_ts": timestamp(topic.last_modified_at),
    }


class Topics:
    """The custom topics of every tenant; each method works on those of one."""

    def __init__(self, database: Database, *, on_change: Callable[[], None] = lambda: None) -> None:
        self._database = database
        self._on_change = on_change

    async def page(self, tsg_id: str, *, offset: int = 0, limit: int | None = None) -> list[Topic]:
        """By name."""
        async with self._database.read() as connection:
            return await topic_repository.list_page(connection, tsg_id, offset=offset, limit=limit)

    async def find(self, tsg_id: str, name_or_id: str) -> Topic:
        """
        Raises:
            NotFoundError: this tenant has no such topic.
        """
        async with self._database.read() as connection:
            found = await topic_repository.find(connection, tsg_id, name_or_id) or await topic_repository.find_by_name(
                connection, tsg_id, name_or_id
            )
        if found is None:
            raise NotFoundError(f"no topic {name_or_id!r}")
        return found

    async def create(self, operator: Operator, draft: TopicDraft, *, by: str) -> Topic:
        """
        Raises:
            ConflictError: there is a topic of that name; nothing was stored.
        """
        async with self._database.write() as connection:
            await _check_name(connection, operator.tsg_id, draft.name, None)
            created = await _create(connection, operator, draft, by)
        return self._changed(created)

    async def replace(self, operator: Operator, topic_id: str, draft: TopicDraft, *, by: str) -> Topic:
        """The next revision of a topic; profiles that refer to it mean this one from now on.

        Raises:
            NotFoundError: this tenant has no such topic.
            ConflictError: the new name is another topic's.
        """
        async with self._database.write() as connection:
            topic = await _existing(connection, operator.tsg_id, topic_id)
            await _check_name(connection, operator.tsg_id, draft.name, topic.topic_id)
            replaced = await _replace(connection, operator, topic, draft, by)
        return self._changed(replaced)

    async def apply_all(self, operator: Operator, drafts: Sequence[TopicDraft], *, by: str) -> list[Topic]:
        """Each as the next revision of the topic with its name, or as the first one; all of them or none."""
        applied = []
        async with self._database.write() as connection:
            for draft in drafts:
                topic = await topic_repository.find_by_name(connection, operator.tsg_id, draft.name)
                if topic is None:
                    applied.append(await _create(connection, operator, draft, by))
                else:
                    applied.append(await _replace(connection, operator, topic, draft, by))
        self._on_change()
        return applied

    async def remove(self, operator: Operator, topic_id: str, *, forced_by: str | None = None) -> Topic:
        """`forced_by`: delete whatever refers to the topic, and who asks.

        Raises:
            NotFoundError: this tenant has no such topic.
            ConflictError: revisions of profiles refer to it; says which.
        """
        async with self._database.write() as connection:
            topic = await _existing(connection, operator.tsg_id, topic_id)
            if forced_by is None:
                await _check_referrers(connection, topic)
            await repository.delete_references(connection, topic.topic_id)
            await topic_repository.delete_topic(connection, operator.tsg_id, topic.topic_id)
            verb = Verb.DELETE if forced_by is None else FORCED
            after = {"updated_by": forced_by} if forced_by else None
            await audit.record(connection, operator, verb, Entity.TOPICS, topic.topic_id, before=topic_object(topic), after=after)
        return self._changed(topic)

    def _changed(self, topic: Topic) -> Topic:
        """From here on this process answers by what was committed."""
        self._on_change()
        return topic


async def _create(connection: AsyncConnection, operator: Operator, draft: TopicDraft, by: str) -> Topic:
    now = datetime.now(UTC)
    topic = Topic(
        topic_id=new_id(),
        tsg_id=operator.tsg_id,
        topic_name=draft.name,
        revision=1,
        active=draft.active,
        description=draft.description,
        examples=draft.examples,
        created_by=by,
        updated_by=by,
        created_at=now,
        last_modified_at=now,
    )
    await topic_repository.insert_topic(connection, topic)
    await audit.record(connection, operator, Verb.CREATE, Entity.TOPICS, topic.topic_id, after=topic_object(topic))
    return topic


async def _replace(connection: AsyncConnection, operator: Operator, topic: Topic, draft: TopicDraft, by: str) -> Topic:
    changed = replace(
        topic,
        topic_name=draft.name,
        revision=topic.revision + 1,
        active=draft.active,
        description=draft.description,
        examples=draft.examples,
        updated_by=by,
        last_modified_at=datetime.now(UTC),
    )
    await topic_repository.update_topic(connection, changed)
    before, after = topic_object(topic), topic_object(changed)
    await audit.record(connection, operator, Verb.UPDATE, Entity.TOPICS, topic.topic_id, before=before, after=after)
    return changed


async def _existing(connection: AsyncConnection, tsg_id: str, topic_id: str) -> Topic:
    found = await topic_repository.find(connection, tsg_id, topic_id.lower()) if is_uuid(topic_id) else None
    if found is None:
        raise NotFoundError("this tenant has no topic with that id")
    return found


async def _check_name(connection: AsyncConnection, tsg_id: str, name: str, topic_id: str | None) -> None:
    taken = await topic_repository.find_by_name(connection, tsg_id, name)
    if taken is not None and taken.topic_id != topic_id:
        raise ConflictError(
            f"there is a topic {name!r}; PUT makes its next revision",
            payload=[{"topic_id": taken.topic_id, "topic_name": taken.topic_name, "revision": taken.revision}],
        )


async def _check_referrers(connection: AsyncConnection, topic: Topic) -> None:
    found = await repository.revisions_with_topic(connection, topic.tsg_id, topic.topic_id, limit=_REFERRERS)
    if found:
        raise ConflictError(
            f"revisions of profiles refer to the topic {topic.topic_name!r}",
            payload=[{"profile_id": id_, "profile_name": name, "revision": revision} for id_, name, revision in found],
        )
