"""Every query of the management plane on tenants, deployment profiles and applications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.tables import ApplicationRow, DeploymentProfileRow, TenantRow


@dataclass(frozen=True, slots=True)
class Tenant:
    tsg_id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeploymentProfile:
    """`in_use`: an application belongs to it."""

    auth_code: str
    tsg_id: str
    dp_name: str
    monthly_tokens: int | None
    active: bool
    expires_at: datetime | None
    in_use: bool

    def status(self, now: datetime) -> str:
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        if not self.active:
            return "inactive"
        return "activated" if self.in_use else "unactivated"


@dataclass(frozen=True, slots=True)
class Application:
    application_id: str
    tsg_id: str
    name: str
    auth_code: str
    dp_name: str
    profile_name: str | None
    agent_framework: str | None
    environment: str
    cloud_provider: str
    model_name: str
    active: bool
    created_by: str
    updated_by: str
    created_at: datetime


async def list_tenants(connection: AsyncConnection) -> list[Tenant]:
    """Oldest first: the first is the one of the first start."""
    row = TenantRow
    query = select(row.tsg_id, row.name, row.created_at).order_by(row.created_at, row.tsg_id)
    return [Tenant(*found) for found in (await connection.execute(query)).all()]


def _deployments(tsg_id: str) -> Select[*tuple[Any, ...]]:
    row = DeploymentProfileRow
    in_use = exists().where(ApplicationRow.auth_code == row.auth_code).label("in_use")
    return select(row.auth_code, row.tsg_id, row.dp_name, row.monthly_tokens, row.active, row.expires_at, in_use).where(
        row.tsg_id == tsg_id
    )


async def list_deployments(connection: AsyncConnection, tsg_id: str, *, unactivated: bool = False) -> list[DeploymentProfile]:
    """Oldest first; `unactivated`: only those that no application belongs to, or that are switched off."""
    row = DeploymentProfileRow
    query = _deployments(tsg_id).order_by(row.created_at, row.auth_code)
    if unactivated:
        query = query.where(or_(row.active.is_(False), ~exists().where(ApplicationRow.auth_code == row.auth_code)))
    return [DeploymentProfile(*found) for found in (await connection.execute(query)).all()]


async def find_deployment(connection: AsyncConnection, tsg_id: str, auth_code: str) -> DeploymentProfile | None:
    found = (await connection.execute(_deployments(tsg_id).where(DeploymentProfileRow.auth_code == auth_code))).first()
    return DeploymentProfile(*found) if found else None


async def update_deployment(connection: AsyncConnection, tsg_id: str, auth_code: str, **values: Any) -> None:
    row = DeploymentProfileRow
    await connection.execute(update(row).where(row.tsg_id == tsg_id, row.auth_code == auth_code).values(**values))


async def auth_code_is_taken(connection: AsyncConnection, auth_code: str) -> bool:
    """By whatever tenant: it is the one thing that is unique over all of them."""
    row = DeploymentProfileRow
    return await connection.scalar(select(row.auth_code).where(row.auth_code == auth_code)) is not None


def _applications(tsg_id: str) -> Select[*tuple[Any, ...]]:
    row = ApplicationRow
    return (
        select(
            row.application_id, row.tsg_id, row.name, row.auth_code, DeploymentProfileRow.dp_name, row.profile_name,
            row.agent_framework, row.environment, row.cloud_provider, row.model_name, row.active, row.created_by,
            row.updated_by, row.created_at,
        )
        .join(DeploymentProfileRow, DeploymentProfileRow.auth_code == row.auth_code)
        .where(row.tsg_id == tsg_id)
    )  # fmt: skip


async def list_applications(connection: AsyncConnection, tsg_id: str, *, offset: int, limit: int | None) -> list[Application]:
    """Oldest first, so that new ones do not shift the pages of a client that reads on."""
    row = ApplicationRow
    order = (row.created_at, row.application_id)
    page = select(row.application_id).where(row.tsg_id == tsg_id).order_by(*order).offset(offset).limit(limit)
    query = _applications(tsg_id).where(row.application_id.in_(page)).order_by(*order)
    return [Application(*found) for found in (await connection.execute(query)).all()]


async def count_applications(connection: AsyncConnection, auth_code: str) -> int:
    """Of a deployment profile, whatever their status."""
    row = ApplicationRow
    return int(await connection.scalar(select(func.count()).select_from(row).where(row.auth_code == auth_code)) or 0)


async def find_application(connection: AsyncConnection, tsg_id: str, application_id: str) -> Application | None:
    found = (await connection.execute(_applications(tsg_id).where(ApplicationRow.application_id == application_id))).first()
    return Application(*found) if found else None


async def find_application_by_name(connection: AsyncConnection, tsg_id: str, name: str) -> Application | None:
    found = (await connection.execute(_applications(tsg_id).where(ApplicationRow.name == name))).first()
    return Application(*found) if found else None


async def update_application(connection: AsyncConnection, tsg_id: str, application_id: str, **values: Any) -> None:
    row = ApplicationRow
    await connection.execute(update(row).where(row.tsg_id == tsg_id, row.application_id == application_id).values(**values))


async def delete_application(connection: AsyncConnection, tsg_id: str, application_id: str) -> None:
    """Its keys must have gone before."""
    row = ApplicationRow
    await connection.execute(delete(row).where(row.tsg_id == tsg_id, row.application_id == application_id))
