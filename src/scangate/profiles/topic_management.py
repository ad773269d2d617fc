"""Management routes of custom topics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles.management import Actor, UpdatedBy
from scangate.profiles.topics import (
    DESCRIPTION_MAX,
    EXAMPLE_MAX,
    EXAMPLES_MAX,
    TOPIC_NAME_MAX,
    TOTAL_MAX,
    TopicDraft,
    Topics,
    checked_topic,
    topic_object,
)
from scangate.web.documents import body_of, read_document, required
from scangate.web.management import Limit, Offset, page
from scangate.web.responses import OrjsonResponse

router = APIRouter(tags=["Custom topics"])


class TopicBody(BaseModel):
    """What a client says of a topic. Id, revision and dates that it sends along are the server's to say."""

    model_config = ConfigDict(title="CustomTopicBody", strict=True)

    topic_name: str = Field(description=f"1 to {TOPIC_NAME_MAX} bytes in UTF-8.")
    description: str = Field(description=f"1 to {DESCRIPTION_MAX} bytes in UTF-8.")
    examples: list[Any] = Field(
        description=f"1 to {EXAMPLES_MAX} texts of 1 to {EXAMPLE_MAX} bytes in UTF-8; with name and description {TOTAL_MAX} at most.",
        json_schema_extra={"items": {"type": "string"}},
    )
    active: bool | None = None
    created_by: Actor = None
    updated_by: Actor = None

    def draft(self) -> TopicDraft:
        """
        Raises:
            RequestInvalidError: a limit is broken.
        """
        return checked_topic(self.topic_name, self.description, self.examples, active=self.active)


class CustomTopicObject(BaseModel):
    """A topic as it is now."""

    topic_id: str
    topic_name: str
    tsg_id: str
    revision: int
    active: bool
    description: str
    examples: list[str]
    created_by: str
    updated_by: str
    created_ts: str
    last_modified_ts: str


class TopicPage(BaseModel):
    """`next_offset` is 0 on the last page."""

    custom_topics: list[CustomTopicObject]
    next_offset: int


@router.post("/topic", summary="Create a topic", response_model=CustomTopicObject, openapi_extra=body_of(TopicBody))
async def create_topic(request: Request) -> Response:
    """A name that is taken is a 409, and then nothing was stored."""
    operator = await permitted(request, Entity.TOPICS, Verb.CREATE)
    body = await read_document(request, TopicBody)
    topics: Topics = request.app.state.runtime.topics
    return OrjsonResponse(topic_object(await topics.create(operator, body.draft(), by=body.created_by or operator.subject)))


@router.get("/topics", summary="List topics", response_model=TopicPage)
async def list_topics(request: Request, offset: Offset = 0, limit: Limit = 100) -> Response:
    """By name."""
    operator = await permitted(request, Entity.TOPICS, Verb.READ)
    return await _page(request, operator, offset, limit)


@router.get("/topics/tsg/{tsg_id}", summary="List topics of a tenant", response_model=TopicPage)
async def list_topics_of_tenant(request: Request, tsg_id: str, offset: Offset = 0, limit: Limit = 100) -> Response:
    """The same list; the tenant must be the caller's."""
    operator = await permitted(request, Entity.TOPICS, Verb.READ, tsg_id=tsg_id)
    return await _page(request, operator, offset, limit)


async def _page(request: Request, operator: Operator, offset: int, limit: int) -> Response:
    topics: Topics = request.app.state.runtime.topics
    shown, following = page(await topics.page(operator.tsg_id, offset=offset, limit=limit + 1), offset, limit)
    return OrjsonResponse({"custom_topics": [topic_object(topic) for topic in shown], "next_offset": following})


@router.put(
    "/topic/uuid/{topic_id}",
    summary="Store the next revision of a topic",
    response_model=CustomTopicObject,
    openapi_extra=body_of(TopicBody),
)
async def replace_topic(request: Request, topic_id: str) -> Response:
    """Under the same id; profiles that refer to the topic mean this revision from now on."""
    operator = await permitted(request, Entity.TOPICS, Verb.UPDATE)
    body = await read_document(request, TopicBody)
    topics: Topics = request.app.state.runtime.topics
    by = body.updated_by or operator.subject
    return OrjsonResponse(topic_object(await topics.replace(operator, topic_id, body.draft(), by=by)))


@router.delete("/topic/{topic_id}", summary="Delete a topic")
async def delete_topic(request: Request, topic_id: str) -> str:
    """A 409 with the revisions of profiles that refer to it, where there are any."""
    operator = await permitted(request, Entity.TOPICS, Verb.DELETE)
    topics: Topics = request.app.state.runtime.topics
    return _deleted((await topics.remove(operator, topic_id)).topic_id)


@router.delete("/topic/{topic_id}/force", summary="Delete a topic, whatever refers to it")
async def force_delete_topic(request: Request, topic_id: str, updated_by: UpdatedBy = None) -> str:
    """The revisions of profiles that named it go on naming it, and find nothing by it."""
    operator = await permitted(request, Entity.TOPICS, Verb.DELETE)
    return await _force_delete(request, operator, topic_id, required(updated_by, "updated_by"))


@router.delete("/topic/force/{topic_id}", summary="Delete a topic, whatever refers to it (the other path)")
async def force_delete_topic_by_other_path(request: Request, topic_id: str, updated_by: UpdatedBy = None) -> str:
    """The same for clients of this path, which need not say who asks."""
    operator = await permitted(request, Entity.TOPICS, Verb.DELETE)
    return await _force_delete(request, operator, topic_id, updated_by or operator.subject)


async def _force_delete(request: Request, operator: Operator, topic_id: str, by: str) -> str:
    topics: Topics = request.app.state.runtime.topics
    return _deleted((await topics.remove(operator, topic_id, forced_by=by)).topic_id)


def _deleted(topic_id: str) -> str:
    return f"successfully deleted topicId: {topic_id}"
