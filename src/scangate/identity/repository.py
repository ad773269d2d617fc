"""Every query on tenants, applications, keys and service accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.principal import Principal
from scangate.identity.tables import ApiKeyRow, ApplicationRow, DeploymentProfileRow, ServiceAccountRow, TenantRow


@dataclass(frozen=True, slots=True)
class KeyListing:
    """A key as it may be shown: never the key itself."""

    api_key_id: str
    name: str
    application: str
    last8: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def find_principal(connection: AsyncConnection, key_hash: str) -> Principal | None:
    """The owner of a key that is not revoked. The caller checks `expires_at` against its clock on every use."""
    found = (
        await connection.execute(
            select(
                ApiKeyRow.tsg_id,
                ApiKeyRow.application_id,
                ApplicationRow.name,
                ApiKeyRow.api_key_id,
                ApplicationRow.profile_name,
                ApplicationRow.agent_framework,
                ApiKeyRow.expires_at,
            )
            .join(ApplicationRow, ApplicationRow.application_id == ApiKeyRow.application_id)
            .where(ApiKeyRow.key_hash == key_hash, ApiKeyRow.revoked_at.is_(None))
        )
    ).first()
    return Principal(*found) if found else None


async def only_tenant(connection: AsyncConnection) -> str | None:
    """The tenant of an embedded installation; None before the first start."""
    found: str | None = await connection.scalar(select(TenantRow.tsg_id).order_by(TenantRow.created_at).limit(1))
    return found


async def insert_tenant(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(insert(TenantRow).values(**values))


async def insert_deployment_profile(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(insert(DeploymentProfileRow).values(**values))


async def insert_application(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(insert(ApplicationRow).values(**values))


async def insert_service_account(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(insert(ServiceAccountRow).values(**values))


async def insert_api_key(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(insert(ApiKeyRow).values(**values))


async def find_application(connection: AsyncConnection, tsg_id: str, name: str | None) -> str | None:
    """The id of the application with that name, or of the oldest one."""
    query = select(ApplicationRow.application_id).where(ApplicationRow.tsg_id == tsg_id)
    if name is not None:
        query = query.where(ApplicationRow.name == name)
    found: str | None = await connection.scalar(query.order_by(ApplicationRow.created_at).limit(1))
    return found


def _keys(tsg_id: str) -> Any:
    return (
        select(
            ApiKeyRow.api_key_id,
            ApiKeyRow.name,
            ApplicationRow.name.label("application"),
            ApiKeyRow.last8,
            ApiKeyRow.created_at,
            ApiKeyRow.expires_at,
            ApiKeyRow.revoked_at,
        )
        .join(ApplicationRow, ApplicationRow.application_id == ApiKeyRow.application_id)
        .where(ApiKeyRow.tsg_id == tsg_id)
        .order_by(ApiKeyRow.created_at)
    )


async def list_keys(connection: AsyncConnection, tsg_id: str) -> list[KeyListing]:
    return [KeyListing(*row) for row in (await connection.execute(_keys(tsg_id))).all()]


async def revoke_keys(connection: AsyncConnection, tsg_id: str, name_or_last8: str, at: datetime) -> int:
    """Revoke every live key with that name or those last eight characters; returns how many there were."""
    result = await connection.execute(
        update(ApiKeyRow)
        .where(
            ApiKeyRow.tsg_id == tsg_id,
            ApiKeyRow.revoked_at.is_(None),
            (ApiKeyRow.name == name_or_last8) | (ApiKeyRow.last8 == name_or_last8),
        )
        .values(revoked_at=at)
    )
    return result.rowcount
