"""Every query on security profiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.profiles.tables import SecurityProfileRow


@dataclass(frozen=True, slots=True)
class ProfileRevision:
    """One revision of a profile; immutable, so it may be cached for ever under its id."""

    profile_id: str
    tsg_id: str
    profile_name: str
    revision: int
    active: bool
    policy: dict[str, Any]
    updated_by: str
    last_modified_at: datetime


def _profiles(tsg_id: str) -> Select[Any]:
    row = SecurityProfileRow
    return select(
        row.profile_id, row.tsg_id, row.profile_name, row.revision, row.active, row.policy, row.updated_by, row.last_modified_at
    ).where(row.tsg_id == tsg_id)


async def find_by_id(connection: AsyncConnection, tsg_id: str, profile_id: str) -> ProfileRevision | None:
    found = (await connection.execute(_profiles(tsg_id).where(SecurityProfileRow.profile_id == profile_id))).first()
    return ProfileRevision(*found) if found else None


async def find_latest(connection: AsyncConnection, tsg_id: str, name: str) -> ProfileRevision | None:
    query = _profiles(tsg_id).where(SecurityProfileRow.profile_name == name).order_by(SecurityProfileRow.revision.desc())
    found = (await connection.execute(query.limit(1))).first()
    return ProfileRevision(*found) if found else None


async def list_latest(connection: AsyncConnection, tsg_id: str) -> list[ProfileRevision]:
    """The newest revision of every profile, by name."""
    row = SecurityProfileRow
    newest = (
        select(row.profile_name, func.max(row.revision).label("revision"))
        .where(row.tsg_id == tsg_id)
        .group_by(row.profile_name)
        .subquery()
    )
    query = _profiles(tsg_id).join(newest, (row.profile_name == newest.c.profile_name) & (row.revision == newest.c.revision))
    return [ProfileRevision(*found) for found in (await connection.execute(query.order_by(row.profile_name))).all()]


async def insert_revision(connection: AsyncConnection, revision: ProfileRevision) -> None:
    await connection.execute(
        insert(SecurityProfileRow).values(
            profile_id=revision.profile_id,
            tsg_id=revision.tsg_id,
            profile_name=revision.profile_name,
            revision=revision.revision,
            active=revision.active,
            policy=revision.policy,
            updated_by=revision.updated_by,
            last_modified_at=revision.last_modified_at,
        )
    )
