"""Management routes of custom topics."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from scangate.detectors.topic_guardrails.evaluation import LabelledText
from scangate.detectors.topic_guardrails.library import load_library
from scangate.errors import ConfigurationError, RequestInvalidError
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.profiles.management import Actor, UpdatedBy
from scangate.profiles.topic_reviews import ROWS_MAX, TopicReviews, evaluation_object, review_object
from scangate.profiles.topics import (
    DESCRIPTION_MAX,
    EXAMPLE_MAX,
    EXAMPLES_MAX,
    TOPIC_NAME_MAX,
    TOTAL_MAX,
    TopicDraft,
    Topics,
    checked_topic,
    draft_of,
    topic_object,
)
from scangate.web.documents import body_of, read_document, required
from scangate.web.management import Limit, Offset, page
from scangate.web.responses import OrjsonResponse

router = APIRouter(tags=["Custom topics"])
WARNING_HEADER = "Scangate-Topic-Warning"
"""One for each warning of a topic that was stored; the body is what clients of the hosted service know."""


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
    draft = body.draft()
    stored = topic_object(await topics.create(operator, draft, by=body.created_by or operator.subject))
    return await _with_warnings(request, operator, draft, stored)


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
    draft = body.draft()
    stored = topic_object(await topics.replace(operator, topic_id, draft, by=by))
    return await _with_warnings(request, operator, draft, stored)


async def _with_warnings(request: Request, operator: Operator, draft: TopicDraft, stored: dict[str, Any]) -> Response:
    """The answer of a change; a model that cannot be loaded is no reason to refuse a topic that is stored already."""
    reviews: TopicReviews = request.app.state.runtime.topic_reviews
    response = OrjsonResponse(stored)
    with suppress(ConfigurationError):
        for warning in (await reviews.review(operator.tsg_id, draft)).warnings:
            message = f"{warning.code.value}; {warning.message}"
            response.headers.append(WARNING_HEADER, message.encode("ascii", "backslashreplace").decode())
    return response


class LabelledRow(BaseModel):
    """A text and whether it is about the topic."""

    text: str = Field(min_length=1, max_length=20_000)
    label: int | bool = Field(description="1 or true: about the topic; 0 or false: not.")
    lang: str = Field("", max_length=10, description="To group by.")


class EvaluationBody(BaseModel):
    """A stored topic (`topic_id`) or one to try (`topic`), with labelled rows."""

    model_config = ConfigDict(title="TopicEvaluationBody")

    topic_id: str | None = None
    topic: TopicBody | None = None
    rows: Annotated[list[LabelledRow], Field(min_length=1, max_length=ROWS_MAX)]


@router.post("/topics/evaluate", summary="Measure a topic on labelled rows", openapi_extra=body_of(EvaluationBody))
async def evaluate_topic(request: Request) -> dict[str, Any]:
    """Coverage, false alarms, the worst mistakes, and a change of the topic that would help. Nothing is stored."""
    operator = await permitted(request, Entity.TOPICS, Verb.READ)
    body = await read_document(request, EvaluationBody)
    reviews: TopicReviews = request.app.state.runtime.topic_reviews
    rows = [LabelledText(row.text, bool(row.label), row.lang) for row in body.rows]
    found = await reviews.evaluate(await _draft(request, operator, body), rows)
    return evaluation_object(found, rows)


async def _draft(request: Request, operator: Operator, body: EvaluationBody) -> TopicDraft:
    if body.topic is not None:
        return body.topic.draft()
    if body.topic_id is None:
        raise RequestInvalidError("topic_id or topic is required")
    topics: Topics = request.app.state.runtime.topics
    return draft_of(await topics.find(operator.tsg_id, body.topic_id))


@router.get("/topic/{topic_id}/review", summary="Warnings and estimated quality of a topic")
async def review_topic(request: Request, topic_id: str) -> dict[str, Any]:
    """What may weaken it, how many of its examples the others find, and how much general conversation it matches."""
    operator = await permitted(request, Entity.TOPICS, Verb.READ)
    runtime = request.app.state.runtime
    topic = await runtime.topics.find(operator.tsg_id, topic_id)
    return review_object(await runtime.topic_reviews.review(operator.tsg_id, draft_of(topic)))


@router.get("/topics/library", summary="List the ready topics")
async def list_library(request: Request) -> dict[str, Any]:
    """Topics that come with the service; `POST /topic` stores one under its name."""
    await permitted(request, Entity.TOPICS, Verb.READ)
    topics = [
        {
            "id": topic.id,
            "group": topic.group,
            "topic_name": topic.name,
            "description": topic.description,
            "examples": list(topic.examples),
        }
        for topic in load_library().values()
    ]
    return {"library_topics": topics}


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
