"""Every query on security profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, delete, false, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from scangate.profiles.tables import ProfileNumberRow, ProfileTopicRow, SecurityProfileRow


@dataclass(frozen=True, slots=True)
class ProfileRevision:
    """One revision of a profile; immutable, so it may be cached for ever under its id."""

    profile_id: str
    tsg_id: str
    profile_name: str
    revision: int
    active: bool
    policy: dict[str, Any]
    created_by: str
    updated_by: str
    last_modified_at: datetime


@dataclass(frozen=True, slots=True)
class ProfileListing:
    """A revision in a list; `policy_json` is the document as it is stored, which nobody has to parse to send it on."""

    profile_id: str
    tsg_id: str
    profile_name: str
    revision: int
    active: bool
    policy_json: str
    created_by: str
    updated_by: str
    last_modified_at: datetime


def _profiles(tsg_id: str, *, as_text: bool = False) -> Select[*tuple[Any, ...]]:
    row = SecurityProfileRow
    return select(
        row.profile_id,
        row.tsg_id,
        row.profile_name,
        row.revision,
        row.active,
        cast(row.policy, Text) if as_text else row.policy,
        row.created_by,
        row.updated_by,
        row.last_modified_at,
    ).where(row.tsg_id == tsg_id)


async def find_by_id(connection: AsyncConnection, tsg_id: str, profile_id: str) -> ProfileRevision | None:
    found = (await connection.execute(_profiles(tsg_id).where(SecurityProfileRow.profile_id == profile_id))).first()
    return ProfileRevision(*found) if found else None


async def find_latest(connection: AsyncConnection, tsg_id: str, name: str) -> ProfileRevision | None:
    query = _profiles(tsg_id).where(SecurityProfileRow.profile_name == name).order_by(SecurityProfileRow.revision.desc())
    found = (await connection.execute(query.limit(1))).first()
    return ProfileRevision(*found) if found else None


async def find_name(connection: AsyncConnection, tsg_id: str, name_or_id: str) -> str | None:
    """The name of the profile that a revision's id or the name itself says, as long as it has a revision."""
    row = SecurityProfileRow
    for said in (row.profile_id, row.profile_name):
        query = select(row.profile_name).where(row.tsg_id == tsg_id, said == name_or_id).limit(1)
        found: str | None = await connection.scalar(query)
        if found is not None:
            return found
    return None


async def find_revision(connection: AsyncConnection, tsg_id: str, name: str, revision: int) -> ProfileRevision | None:
    row = SecurityProfileRow
    found = (await connection.execute(_profiles(tsg_id).where(row.profile_name == name, row.revision == revision))).first()
    return ProfileRevision(*found) if found else None


async def list_revisions(connection: AsyncConnection, tsg_id: str, name: str) -> list[ProfileRevision]:
    """Every revision of a name, newest first."""
    query = _profiles(tsg_id).where(SecurityProfileRow.profile_name == name).order_by(SecurityProfileRow.revision.desc())
    return [ProfileRevision(*found) for found in (await connection.execute(query)).all()]


async def count_revisions(connection: AsyncConnection, tsg_id: str, name: str) -> int:
    row = SecurityProfileRow
    query = select(func.count()).select_from(row).where(row.tsg_id == tsg_id, row.profile_name == name)
    return int(await connection.scalar(query) or 0)


async def list_latest(connection: AsyncConnection, tsg_id: str, *, limit: int | None = None) -> list[ProfileRevision]:
    """The newest revision of every profile, by name."""
    query = _page(_profiles(tsg_id), await _newest(connection, tsg_id, 0, limit), latest=True)
    return [ProfileRevision(*found) for found in (await connection.execute(query)).all()]


async def list_page(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int, latest: bool) -> list[ProfileListing]:
    """By name, then revision; the newest of every name only where `latest` is asked for."""
    keys = await (_newest if latest else _all)(connection, tsg_id, offset, limit)
    query = _page(_profiles(tsg_id, as_text=True), keys, latest=latest)
    return [ProfileListing(*found) for found in (await connection.execute(query)).all()]


# The keys of a page come out of the index alone, by a query of their own. In one query with the rows, PostgreSQL unpacks the
# documents that `offset` leaves out, and either planner may read every row of the tenant to find the newest ones.


async def _all(connection: AsyncConnection, tsg_id: str, offset: int, limit: int | None) -> list[tuple[str, int]]:
    """`(name, revision)` in their order."""
    row = SecurityProfileRow
    query = select(row.profile_name, row.revision).where(row.tsg_id == tsg_id).order_by(row.profile_name, row.revision)
    return [(name, revision) for name, revision in (await connection.execute(query.offset(offset).limit(limit))).all()]


async def _newest(connection: AsyncConnection, tsg_id: str, offset: int, limit: int | None) -> list[tuple[str, int]]:
    """`(name, newest revision)` in the order of the names."""
    row = SecurityProfileRow
    query = select(row.profile_name, func.max(row.revision)).where(row.tsg_id == tsg_id).group_by(row.profile_name)
    found = await connection.execute(query.order_by(row.profile_name).offset(offset).limit(limit))
    return [(name, revision) for name, revision in found.all()]


def _page(query: Select[*tuple[Any, ...]], keys: Sequence[tuple[str, int]], *, latest: bool) -> Select[*tuple[Any, ...]]:
    """The rows from the first key to the last."""
    row = SecurityProfileRow
    if not keys:
        return query.where(false())
    if latest:
        other = aliased(row)
        newest = select(func.max(other.revision)).where(other.tsg_id == row.tsg_id, other.profile_name == row.profile_name)
        query = query.where(row.profile_name.between(keys[0][0], keys[-1][0]), row.revision == newest.scalar_subquery())
    else:
        place = tuple_(row.profile_name, row.revision)
        query = query.where(place >= tuple_(*keys[0]), place <= tuple_(*keys[-1]))
    return query.order_by(row.profile_name, row.revision)


async def insert_revision(connection: AsyncConnection, revision: ProfileRevision, topic_ids: Iterable[str] = ()) -> None:
    """`topic_ids`: the topics that its policy refers to."""
    await connection.execute(
        insert(SecurityProfileRow).values(
            profile_id=revision.profile_id,
            tsg_id=revision.tsg_id,
            profile_name=revision.profile_name,
            revision=revision.revision,
            active=revision.active,
            policy=revision.policy,
            created_by=revision.created_by,
            updated_by=revision.updated_by,
            last_modified_at=revision.last_modified_at,
        )
    )
    references = [{"topic_id": topic_id, "profile_id": revision.profile_id} for topic_id in sorted(set(topic_ids))]
    if references:
        await connection.execute(insert(ProfileTopicRow).values(references))


async def delete_revision(connection: AsyncConnection, tsg_id: str, profile_id: str) -> None:
    """The caller has found it in this tenant."""
    await connection.execute(delete(ProfileTopicRow).where(ProfileTopicRow.profile_id == profile_id))
    row = SecurityProfileRow
    await connection.execute(delete(row).where(row.tsg_id == tsg_id, row.profile_id == profile_id))


async def find_number(connection: AsyncConnection, tsg_id: str, name: str) -> int:
    """The highest revision of a name that was deleted while others were left; 0 where none was."""
    row = ProfileNumberRow
    query = select(row.revision).where(row.tsg_id == tsg_id, row.profile_name == name)
    return int(await connection.scalar(query) or 0)


async def keep_number(connection: AsyncConnection, tsg_id: str, name: str, revision: int) -> None:
    await forget_number(connection, tsg_id, name)
    await connection.execute(insert(ProfileNumberRow).values(tsg_id=tsg_id, profile_name=name, revision=revision))


async def forget_number(connection: AsyncConnection, tsg_id: str, name: str) -> None:
    row = ProfileNumberRow
    await connection.execute(delete(row).where(row.tsg_id == tsg_id, row.profile_name == name))


async def revisions_with_topic(
    connection: AsyncConnection, tsg_id: str, topic_id: str, *, limit: int
) -> list[tuple[str, str, int]]:
    """`(profile id, name, revision)` of those whose policy refers to a topic, by name, newest first."""
    row = SecurityProfileRow
    query = (
        select(row.profile_id, row.profile_name, row.revision)
        .join(ProfileTopicRow, ProfileTopicRow.profile_id == row.profile_id)
        .where(row.tsg_id == tsg_id, ProfileTopicRow.topic_id == topic_id)
        .order_by(row.profile_name, row.revision.desc())
        .limit(limit)
    )
    return [(profile_id, name, revision) for profile_id, name, revision in (await connection.execute(query)).all()]


async def delete_references(connection: AsyncConnection, topic_id: str) -> None:
    """Before the topic itself goes. The stored policies go on naming it: no revision is ever changed."""
    await connection.execute(delete(ProfileTopicRow).where(ProfileTopicRow.topic_id == topic_id))
