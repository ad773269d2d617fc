"""Queries of authentication, and what a tenant begins with; those of the management plane stand in `key_repository` and its siblings."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity.principal import Principal
from scangate.identity.tables import (
    ApiKeyRow,
    ApplicationRow,
    DeploymentProfileRow,
    RevokedTokenRow,
    RoleRow,
    ServiceAccountRow,
    SigningKeyRow,
    TenantRow,
)


def _principals() -> Select[*tuple[Any, ...]]:
    """The fields of a `Principal`, and when its deployment profile ends."""
    return (
        select(
            ApiKeyRow.tsg_id,
            ApiKeyRow.application_id,
            ApplicationRow.name,
            ApiKeyRow.api_key_id,
            ApplicationRow.profile_name,
            ApplicationRow.agent_framework,
            ApiKeyRow.expires_at,
            DeploymentProfileRow.auth_code,
            DeploymentProfileRow.monthly_tokens,
            DeploymentProfileRow.expires_at,
        )
        .join(ApplicationRow, ApplicationRow.application_id == ApiKeyRow.application_id)
        .join(DeploymentProfileRow, DeploymentProfileRow.auth_code == ApplicationRow.auth_code)
    )


async def find_principal(connection: AsyncConnection, key_hash: str) -> Principal | None:
    """The owner of a key that is not revoked. The caller checks `expires_at` against its clock on every use."""
    live = ApiKeyRow.revoked_at.is_(None), *_usable(datetime.now(UTC))
    found = (await connection.execute(_principals().where(ApiKeyRow.key_hash == key_hash, *live))).first()
    if found is None:
        return None
    *fields, deployment_ends = found
    return _until(Principal(*fields), deployment_ends)


async def find_former(connection: AsyncConnection, key_hash: str) -> Principal | None:
    """Whose key it is, whatever has become of it or of what it belongs to."""
    found = (await connection.execute(_principals().where(ApiKeyRow.key_hash == key_hash))).first()
    return Principal(*found[:-1]) if found else None


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


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An OAuth client; hashes are SHA-256."""

    client_id: str
    tsg_id: str
    name: str
    secret_hash: str
    role: str
    previous_secret_hash: str | None
    previous_secret_until: datetime | None

    def accepts(self, secret_hash: str, now: datetime) -> bool:
        """Whether that is its secret, or the one before it while that still holds."""
        if hmac.compare_digest(self.secret_hash, secret_hash):
            return True
        holds = self.previous_secret_until is not None and now < self.previous_secret_until
        return holds and hmac.compare_digest(self.previous_secret_hash or "", secret_hash)


async def find_service_account(connection: AsyncConnection, client_id: str) -> ServiceAccount | None:
    """One that is not disabled."""
    row = ServiceAccountRow
    query = select(
        row.client_id, row.tsg_id, row.name, row.secret_hash, row.role, row.previous_secret_hash, row.previous_secret_until
    )
    found = (await connection.execute(query.where(row.client_id == client_id, row.disabled_at.is_(None)))).first()
    return ServiceAccount(*found) if found else None


async def find_role(connection: AsyncConnection, tsg_id: str, name: str) -> list[str] | None:
    """The permissions of a custom role."""
    found: list[str] | None = await connection.scalar(
        select(RoleRow.permissions).where(RoleRow.tsg_id == tsg_id, RoleRow.name == name)
    )
    return found


async def find_application_principal(
    connection: AsyncConnection, tsg_id: str, application_id: str, token_id: str, expires_at: datetime, *, usable: bool = True
) -> Principal | None:
    """Who scans with an access token that was minted for an application. `usable=False`: whatever has been switched off."""
    row = ApplicationRow
    query = (
        select(
            row.name,
            row.profile_name,
            row.agent_framework,
            DeploymentProfileRow.auth_code,
            DeploymentProfileRow.monthly_tokens,
            DeploymentProfileRow.expires_at,
        )
        .join(DeploymentProfileRow, DeploymentProfileRow.auth_code == row.auth_code)
        .where(row.tsg_id == tsg_id, row.application_id == application_id)
    )
    if usable:
        query = query.where(*_usable(datetime.now(UTC)))
    found = (await connection.execute(query)).first()
    if found is None:
        return None
    name, profile_name, agent_framework, auth_code, monthly_tokens, deployment_ends = found
    principal = Principal(
        tsg_id, application_id, name, token_id, profile_name, agent_framework, expires_at, auth_code, monthly_tokens
    )
    return _until(principal, deployment_ends)


def _until(principal: Principal, deployment_ends: datetime | None) -> Principal:
    """Its credentials end with its deployment profile: nothing is changed at that moment, so nothing makes a cache look again."""
    ends = [moment for moment in (principal.expires_at, deployment_ends) if moment is not None]
    return replace(principal, expires_at=min(ends)) if ends else principal


def _usable(now: datetime) -> tuple[Any, ...]:
    """Neither the application nor its deployment profile is switched off or has expired."""
    profile = DeploymentProfileRow
    return ApplicationRow.active, profile.active, (profile.expires_at.is_(None)) | (profile.expires_at > now)


async def signing_keys(connection: AsyncConnection, since: datetime) -> list[tuple[str, str, datetime]]:
    """`(kid, private key as PEM, made at)`, newest first."""
    row = SigningKeyRow
    query = select(row.kid, row.private_key, row.created_at).where(row.created_at >= since).order_by(row.created_at.desc())
    return [(kid, private_key, created) for kid, private_key, created in (await connection.execute(query)).all()]


async def newest_signing_key(connection: AsyncConnection) -> datetime | None:
    found: datetime | None = await connection.scalar(
        select(SigningKeyRow.created_at).order_by(SigningKeyRow.created_at.desc()).limit(1)
    )
    return found


async def insert_signing_key(connection: AsyncConnection, kid: str, private_key: str, at: datetime) -> None:
    await connection.execute(insert(SigningKeyRow).values(kid=kid, private_key=private_key, created_at=at))


async def is_revoked(connection: AsyncConnection, token_id: str) -> bool:
    return await connection.scalar(select(RevokedTokenRow.jti).where(RevokedTokenRow.jti == token_id)) is not None


async def revoke_token(connection: AsyncConnection, tsg_id: str, token_id: str, expires_at: datetime, now: datetime) -> None:
    """Invalidating a token twice is no error. Rows of tokens that have expired by themselves go."""
    await connection.execute(delete(RevokedTokenRow).where(RevokedTokenRow.expires_at < now))
    if not await is_revoked(connection, token_id):
        await connection.execute(insert(RevokedTokenRow).values(jti=token_id, tsg_id=tsg_id, expires_at=expires_at))
