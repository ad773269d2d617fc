"""The life of API keys: created, listed, regenerated, revoked, deleted. Every change is one transaction with its audit entry.

A write transaction is alone in the installation, so limits hold whatever comes at the same time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.domain.ids import new_id
from scangate.errors import ConflictError, NotFoundError, RequestInvalidError
from scangate.identity import application_repository, audit, key_repository, repository
from scangate.identity.application_repository import Application, DeploymentProfile
from scangate.identity.applications import check_room_for_application, insert_application, remove_application
from scangate.identity.key_repository import ApiKey
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator, generate_secret, hash_secret
from scangate.identity.rotation import Rotation
from scangate.identity.schemas import KEY_NAME_MAX, APIKeyCreationObject, APIKeyObject, for_audit
from scangate.identity.service import Identity

KEY_NOT_FOUND: Final = "API key not found"
DEPLOYMENT_NOT_FOUND: Final = "no deployment profile has this auth_code"


async def list_keys(identity: Identity, tsg_id: str, *, offset: int = 0, limit: int | None = None) -> list[ApiKey]:
    async with identity.database.read() as connection:
        return await key_repository.list_keys(connection, tsg_id, offset=offset, limit=limit)


async def create_key(identity: Identity, operator: Operator, wanted: APIKeyCreationObject) -> tuple[ApiKey, str]:
    """A new key and its secret, which is not stored; an application that does not exist yet is created with it.

    Raises:
        NotFoundError: the tenant has no such deployment profile.
        ConflictError: the name is taken, the application belongs to another deployment profile, or that cannot have another key
            or another application.
        RequestInvalidError: the rotation lies too far ahead.
    """
    now = datetime.now(UTC)
    expires_at = Rotation(wanted.rotation_time_interval, wanted.rotation_time_unit).ends(now)
    async with identity.database.write() as connection:
        deployment = await application_repository.find_deployment(connection, operator.tsg_id, wanted.auth_code)
        if deployment is None:
            raise NotFoundError(DEPLOYMENT_NOT_FOUND)
        await _check_room(identity, connection, deployment, now)
        await _check_name(connection, operator.tsg_id, wanted.api_key_name)
        application = await _application_for(identity, connection, operator, deployment, wanted, now)
        key, secret = await _insert(
            connection, operator, application, wanted.api_key_name, now, expires_at,
            rotation=Rotation(wanted.rotation_time_interval, wanted.rotation_time_unit), by=wanted.created_by,
        )  # fmt: skip
    identity.authenticator.forget()
    return key, secret


async def add_key(
    identity: Identity, operator: Operator, name: str, *, application: str | None = None, rotation: Rotation | None = None
) -> tuple[ApiKey, str]:
    """A key of an application that exists (by default the oldest), past the limit per deployment profile: whoever may use the
    command line on the server's own machine sets that limit too.

    Raises:
        RequestInvalidError: the name is empty or over 31 characters, or there is no such application.
        ConflictError: the name is taken.
    """
    if not 0 < len(name) <= KEY_NAME_MAX:
        raise RequestInvalidError(f"a key's name has 1 to {KEY_NAME_MAX} characters")
    now = datetime.now(UTC)
    async with identity.database.write() as connection:
        found = await _named_or_oldest(connection, operator.tsg_id, application)
        if found is None:
            raise RequestInvalidError(f"no application {application!r}")
        await _check_name(connection, operator.tsg_id, name)
        expires_at = rotation.ends(now) if rotation else None
        return await _insert(connection, operator, found, name, now, expires_at, rotation=rotation, by=operator.subject)


async def regenerate_key(
    identity: Identity, operator: Operator, api_key_id: str, rotation: Rotation, *, by: str | None, or_name: bool = False
) -> tuple[ApiKey, str]:
    """A new secret and a new expiration; the old secret stops at once here, and within a second in other processes.

    Raises:
        NotFoundError: the tenant has no such key.
        ConflictError: the key is revoked, or it has expired and its deployment profile has no room for another live key.
        RequestInvalidError: the rotation lies too far ahead.
    """
    now = datetime.now(UTC)
    secret = generate_secret()
    async with identity.database.write() as connection:
        before = await key_repository.find_key(connection, operator.tsg_id, api_key_id)
        if before is None and or_name:
            before = await key_repository.find_key_by_name(connection, operator.tsg_id, api_key_id)
        if before is None:
            raise NotFoundError(KEY_NOT_FOUND)
        if before.revoked_at is not None:
            raise ConflictError("the key is revoked: create another one")
        if before.status(now) == "expired":
            deployment = await application_repository.find_deployment(connection, operator.tsg_id, before.auth_code)
            assert deployment is not None
            await _check_room(identity, connection, deployment, now)
        await key_repository.update_key(
            connection, operator.tsg_id, before.api_key_id,
            key_hash=hash_secret(secret), last8=secret[-8:], expires_at=rotation.ends(now), modified_at=now,
            rotation_interval=rotation.interval, rotation_unit=rotation.unit, updated_by=by or operator.subject,
        )  # fmt: skip
        after = await _audited(connection, operator, before)
    identity.authenticator.forget()
    return after, secret


async def delete_key(identity: Identity, operator: Operator, name: str, *, by: str) -> str:
    """The key goes, and its application with it when no other key uses it; returns the application's name where it went.

    A key that has expired still uses its application, since it can be regenerated; one that is revoked does not.

    Raises:
        NotFoundError: the tenant has no key of that name.
    """
    async with identity.database.write() as connection:
        key = await key_repository.find_key_by_name(connection, operator.tsg_id, name)
        if key is None:
            raise NotFoundError(KEY_NOT_FOUND)
        await key_repository.delete_key(connection, operator.tsg_id, key.api_key_id)
        before = for_audit(APIKeyObject.of(key)) | {"updated_by": by}
        await audit.record(connection, operator, Verb.DELETE, Entity.API_KEYS, key.api_key_id, before=before)
        gone = ""
        if not await key_repository.keys_of_applications(connection, operator.tsg_id, [key.application_id]):
            application = await application_repository.find_application(connection, operator.tsg_id, key.application_id)
            assert application is not None
            await remove_application(connection, operator, application, by=by)
            gone = application.name
    identity.authenticator.forget()
    return gone


async def revoke_keys(identity: Identity, operator: Operator, name_or_last8: str) -> int:
    """Revoke every key with that name or those last eight characters; they stay in the list. Returns how many there were.

    Raises:
        RequestInvalidError: there is none that is not revoked yet.
    """
    now = datetime.now(UTC)
    async with identity.database.write() as connection:
        found = await key_repository.find_unrevoked(connection, operator.tsg_id, name_or_last8)
        if not found:
            raise RequestInvalidError(f"no live key with the name or last eight characters {name_or_last8!r}")
        for key in found:
            await key_repository.update_key(
                connection, operator.tsg_id, key.api_key_id, revoked_at=now, modified_at=now, updated_by=operator.subject
            )
            await _audited(connection, operator, key)
    identity.authenticator.forget()
    return len(found)


async def _check_room(identity: Identity, connection: AsyncConnection, deployment: DeploymentProfile, now: datetime) -> None:
    if not deployment.active or deployment.status(now) == "expired":
        raise ConflictError("the deployment profile is switched off or has expired")
    limit = identity.settings.keys_per_deployment_profile
    if await key_repository.count_live_keys(connection, deployment.auth_code, now) >= limit:
        raise ConflictError(
            f"the deployment profile has its {limit} live key{'s' if limit > 1 else ''}: delete or regenerate one",
            payload=[{"auth_code": deployment.auth_code, "dp_name": deployment.dp_name}],
        )


async def _check_name(connection: AsyncConnection, tsg_id: str, name: str) -> None:
    taken = await key_repository.find_key_by_name(connection, tsg_id, name)
    if taken is not None and taken.revoked_at is None:
        payload = [{"api_key_id": taken.api_key_id, "api_key_name": taken.name}]
        raise ConflictError("a key of this name exists", payload=payload)


async def _application_for(
    identity: Identity, connection: AsyncConnection, operator: Operator, deployment: DeploymentProfile,
    wanted: APIKeyCreationObject, now: datetime,
) -> Application:  # fmt: skip
    found = await application_repository.find_application_by_name(connection, operator.tsg_id, wanted.cust_app)
    if found is None:
        await check_room_for_application(identity, connection, deployment)
        return await insert_application(
            connection, operator, wanted.cust_app, wanted.auth_code, now,
            environment=wanted.cust_env or "", cloud_provider=wanted.cust_cloud_provider or "",
            agent_framework=wanted.cust_ai_agent_framework or None, created_by=wanted.created_by,
        )  # fmt: skip
    if found.auth_code != wanted.auth_code:
        raise ConflictError(
            "the application belongs to another deployment profile",
            payload=[{"customer_appId": found.application_id, "app_name": found.name, "auth_code": found.auth_code}],
        )
    return found


async def _named_or_oldest(connection: AsyncConnection, tsg_id: str, name: str | None) -> Application | None:
    if name is not None:
        return await application_repository.find_application_by_name(connection, tsg_id, name)
    oldest = await application_repository.list_applications(connection, tsg_id, offset=0, limit=1)
    return oldest[0] if oldest else None


async def _insert(
    connection: AsyncConnection,
    operator: Operator,
    application: Application,
    name: str,
    now: datetime,
    expires_at: datetime | None,
    *,
    rotation: Rotation | None,
    by: str,
) -> tuple[ApiKey, str]:
    secret, api_key_id = generate_secret(), new_id()
    await repository.insert_api_key(
        connection, api_key_id=api_key_id, tsg_id=operator.tsg_id, application_id=application.application_id, name=name,
        key_hash=hash_secret(secret), last8=secret[-8:], created_at=now, expires_at=expires_at, created_by=by,
        rotation_interval=rotation.interval if rotation else None, rotation_unit=rotation.unit if rotation else None,
    )  # fmt: skip
    key = await key_repository.find_key(connection, operator.tsg_id, api_key_id)
    assert key is not None
    after = for_audit(APIKeyObject.of(key))
    await audit.record(connection, operator, Verb.CREATE, Entity.API_KEYS, api_key_id, after=after)
    return key, secret


async def _audited(connection: AsyncConnection, operator: Operator, before: ApiKey) -> ApiKey:
    """Record what an update made of a key, and return that."""
    after = await key_repository.find_key(connection, operator.tsg_id, before.api_key_id)
    assert after is not None
    await audit.record(
        connection, operator, Verb.UPDATE, Entity.API_KEYS, before.api_key_id,
        before=for_audit(APIKeyObject.of(before)), after=for_audit(APIKeyObject.of(after)),
    )  # fmt: skip
    return after
