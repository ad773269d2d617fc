"""Every query on API keys. Secrets come in as SHA-256 and never go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.tables import ApiKeyRow, ApplicationRow, DeploymentProfileRow


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown, with what it has from its application and from the deployment profile of that."""

    api_key_id: str
    tsg_id: str
    name: str
    last8: str
    rotation_interval: int | None
    rotation_unit: str | None
    created_by: str
    updated_by: str
    created_at: datetime
    modified_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    application_id: str
    application: str
    environment: str
    cloud_provider: str
    agent_framework: str | None
    auth_code: str
    dp_name: str
    license_expires_at: datetime | None

    def status(self, now: datetime) -> str:
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


@dataclass(frozen=True, slots=True)
class KeyOfApplication:
    application_id: str
    name: str


def _keys(tsg_id: str) -> Select[*tuple[Any, ...]]:
    key, application, profile = ApiKeyRow, ApplicationRow, DeploymentProfileRow
    return (
        select(
            key.api_key_id, key.tsg_id, key.name, key.last8, key.rotation_interval, key.rotation_unit, key.created_by,
            key.updated_by, key.created_at, key.modified_at, key.expires_at, key.revoked_at, application.application_id,
            application.name, application.environment, application.cloud_provider, application.agent_framework,
            profile.auth_code, profile.dp_name, profile.expires_at,
        )
        .join(application, application.application_id == key.application_id)
        .join(profile, profile.auth_code == application.auth_code)
        .where(key.tsg_id == tsg_id)
    )  # fmt: skip


async def list_keys(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int | None) -> list[ApiKey]:
    """Oldest first, so that new ones do not shift the pages of a client that reads on."""
    row = ApiKeyRow
    order = (row.created_at, row.api_key_id)
    # the page out of the index alone, so that entries left out cost no look-up in the other tables
    page = select(row.api_key_id).where(row.tsg_id == tsg_id).order_by(*order).offset(offset).limit(limit)
    query = _keys(tsg_id).where(row.api_key_id.in_(page)).order_by(*order)
    return [ApiKey(*found) for found in (await connection.execute(query)).all()]


async def find_key(connection: AsyncConnection, tsg_id: str, api_key_id: str) -> ApiKey | None:
    found = (await connection.execute(_keys(tsg_id).where(ApiKeyRow.api_key_id == api_key_id))).first()
    return ApiKey(*found) if found else None


async def find_key_by_name(connection: AsyncConnection, tsg_id: str, name: str) -> ApiKey | None:
    """The key of that name that is not revoked, else the newest of those that are."""
    key = ApiKeyRow
    revoked_last = case((key.revoked_at.is_(None), 0), else_=1)
    query = _keys(tsg_id).where(key.name == name).order_by(revoked_last, key.created_at.desc()).limit(1)
    found = (await connection.execute(query)).first()
    return ApiKey(*found) if found else None


async def find_unrevoked(connection: AsyncConnection, tsg_id: str, name_or_last8: str) -> list[ApiKey]:
    key = ApiKeyRow
    query = _keys(tsg_id).where(key.revoked_at.is_(None), or_(key.name == name_or_last8, key.last8 == name_or_last8))
    return [ApiKey(*found) for found in (await connection.execute(query)).all()]


async def count_live_keys(
    connection: AsyncConnection, auth_code: str, now: datetime, *, other_than: str = "", of_application: str | None = None
) -> int:
    """Keys of a deployment profile that are neither revoked nor expired: of all its applications, or of one."""
    key = ApiKeyRow
    query = (
        select(func.count())
        .select_from(key)
        .join(ApplicationRow, ApplicationRow.application_id == key.application_id)
        .where(
            ApplicationRow.auth_code == auth_code,
            key.api_key_id != other_than,
            key.revoked_at.is_(None),
            or_(key.expires_at.is_(None), key.expires_at > now),
        )
    )
    if of_application is not None:
        query = query.where(key.application_id == of_application)
    return int(await connection.scalar(query) or 0)


async def keys_of_applications(connection: AsyncConnection, tsg_id: str, ids: Sequence[str]) -> list[KeyOfApplication]:
    """The keys that are not revoked, by name; those that have expired among them, since they can be regenerated."""
    key = ApiKeyRow
    query = select(key.application_id, key.name).where(
        key.tsg_id == tsg_id, key.application_id.in_(ids), key.revoked_at.is_(None)
    )
    return [KeyOfApplication(*found) for found in (await connection.execute(query.order_by(key.name))).all()]


async def update_key(connection: AsyncConnection, tsg_id: str, api_key_id: str, **values: Any) -> None:
    await connection.execute(
        update(ApiKeyRow).where(ApiKeyRow.tsg_id == tsg_id, ApiKeyRow.api_key_id == api_key_id).values(**values)
    )


async def delete_key(connection: AsyncConnection, tsg_id: str, api_key_id: str) -> None:
    await connection.execute(delete(ApiKeyRow).where(ApiKeyRow.tsg_id == tsg_id, ApiKeyRow.api_key_id == api_key_id))


async def delete_keys_of_application(connection: AsyncConnection, tsg_id: str, application_id: str) -> None:
    await connection.execute(delete(ApiKeyRow).where(ApiKeyRow.tsg_id == tsg_id, ApiKeyRow.application_id == application_id))
