"""Every query on custom topics."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.profiles.tables import TopicRow


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is now; its id stays the same from revision to revision."""

    topic_id: str
    tsg_id: str
    topic_name: str
    revision: int
    active: bool
    description: str
    examples: list[str]
    created_by: str
    updated_by: str
    created_at: datetime
    last_modified_at: datetime


def _topics(tsg_id: str) -> Select[*tuple[Any, ...]]:
    row = TopicRow
    return select(
        row.topic_id,
        row.tsg_id,
        row.topic_name,
        row.revision,
        row.active,
        row.description,
        row.examples,
        row.created_by,
        row.updated_by,
        row.created_at,
        row.last_modified_at,
    ).where(row.tsg_id == tsg_id)


async def find(connection: AsyncConnection, tsg_id: str, topic_id: str) -> Topic | None:
    found = (await connection.execute(_topics(tsg_id).where(TopicRow.topic_id == topic_id))).first()
    return Topic(*found) if found else None


async def find_by_name(connection: AsyncConnection, tsg_id: str, name: str) -> Topic | None:
    found = (await connection.execute(_topics(tsg_id).where(TopicRow.topic_name == name))).first()
    return Topic(*found) if found else None


async def find_some(connection: AsyncConnection, tsg_id: str, ids: Collection[str], names: Collection[str]) -> list[Topic]:
    """Those with one of the ids or one of the names."""
    query = _topics(tsg_id).where(or_(TopicRow.topic_id.in_(ids), TopicRow.topic_name.in_(names)))
    return [Topic(*found) for found in (await connection.execute(query)).all()]


async def list_page(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int | None) -> list[Topic]:
    """By name, an order that an index holds."""
    query = _topics(tsg_id).order_by(TopicRow.topic_name).offset(offset).limit(limit)
    return [Topic(*found) for found in (await connection.execute(query)).all()]


async def insert_topic(connection: AsyncConnection, topic: Topic) -> None:
    await connection.execute(insert(TopicRow).values(**_values(topic)))


async def update_topic(connection: AsyncConnection, topic: Topic) -> None:
    """Everything but the id, the tenant and the origin."""
    row = TopicRow
    changed = {name: value for name, value in _values(topic).items() if not name.startswith("created_")}
    await connection.execute(update(row).where(row.tsg_id == topic.tsg_id, row.topic_id == topic.topic_id).values(**changed))


async def delete_topic(connection: AsyncConnection, tsg_id: str, topic_id: str) -> None:
    await connection.execute(delete(TopicRow).where(TopicRow.tsg_id == tsg_id, TopicRow.topic_id == topic_id))


def _values(topic: Topic) -> dict[str, Any]:
    return {
        "topic_id": topic.topic_id,
        "tsg_id": topic.tsg_id,
        "topic_name": topic.topic_name,
        "revision": topic.revision,
        "active": topic.active,
        "description": topic.description,
        "examples": topic.examples,
        "created_by": topic.created_by,
        "updated_by": topic.updated_by,
        "created_at": topic.created_at,
        "last_modified_at": topic.last_modified_at,
    }
