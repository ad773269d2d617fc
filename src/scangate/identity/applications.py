"""Applications (customer apps): listed, changed, deleted with their keys. They are created with their first key, or by the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.domain.ids import new_id
from scangate.errors import ConflictError, NotFoundError
from scangate.identity import application_repository, audit, key_repository, repository
from scangate.identity.application_repository import Application, DeploymentProfile
from scangate.identity.key_repository import KeyOfApplication
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.schemas import CustomerAppObject, CustomerAppUpdate, for_audit
from scangate.identity.service import Identity

APPLICATION_NOT_FOUND: Final = "customer app not found"
PROFILE_NOT_FOUND: Final = "AI profile not found"

FindProfile = Callable[[AsyncConnection, str, str], Awaitable[str | None]]
"""(connection, tenant, name or id of a security profile) to its name; None where the tenant has none such. Profiles stand above this
slice, so whoever calls it brings the query; it is asked inside the transaction that links, so that no deletion comes between."""


async def list_applications(
    identity: Identity, tsg_id: str, *, offset: int = 0, limit: int | None = None
) -> tuple[list[Application], list[KeyOfApplication]]:
    """A page of applications, and the keys of these."""
    async with identity.database.read() as connection:
        found = await application_repository.list_applications(connection, tsg_id, offset=offset, limit=limit)
        ids = [application.application_id for application in found]
        return found, await key_repository.keys_of_applications(connection, tsg_id, ids)


async def show_application(identity: Identity, tsg_id: str, name: str) -> CustomerAppObject:
    """
    Raises:
        NotFoundError: the tenant has no application of that name.
    """
    async with identity.database.read() as connection:
        found = await application_repository.find_application_by_name(connection, tsg_id, name)
        if found is None:
            raise NotFoundError(APPLICATION_NOT_FOUND)
        return await _shown(connection, found)


async def create_application(
    identity: Identity, operator: Operator, name: str, *, auth_code: str | None = None, profile_name: str | None = None,
    environment: str = "", cloud_provider: str = "", agent_framework: str | None = None, find_profile: FindProfile,
) -> CustomerAppObject:  # fmt: skip
    """An application without a key, of a deployment profile (by default the oldest).

    Raises:
        NotFoundError: the tenant has no such deployment profile, or no such security profile.
        ConflictError: the name is taken, or the deployment profile has its applications.
    """
    async with identity.database.write() as connection:
        known = await application_repository.list_deployments(connection, operator.tsg_id)
        deployment = next((one for one in known if auth_code in (None, one.auth_code)), None)
        if deployment is None:
            raise NotFoundError("no deployment profile has this auth_code")
        await _check_name(connection, operator.tsg_id, name)
        await check_room_for_application(identity, connection, deployment)
        if profile_name:
            profile_name = await _known(connection, operator.tsg_id, profile_name, find_profile)
        created = await insert_application(
            connection, operator, name, deployment.auth_code, datetime.now(UTC), profile_name=profile_name,
            environment=environment, cloud_provider=cloud_provider, agent_framework=agent_framework,
            created_by=operator.subject,
        )  # fmt: skip
        return await _shown(connection, created)


async def update_application(
    identity: Identity, operator: Operator, application_id: str, wanted: CustomerAppUpdate, find_profile: FindProfile
) -> CustomerAppObject:
    """
    Raises:
        NotFoundError: the tenant has no such application, no such deployment profile, or no such security profile.
        ConflictError: the name is taken, or the application or its keys do not fit into the other deployment profile.
    """
    async with identity.database.write() as connection:
        before = await application_repository.find_application(connection, operator.tsg_id, application_id)
        if before is None:
            raise NotFoundError(APPLICATION_NOT_FOUND)
        if wanted.app_name != before.name:
            await _check_name(connection, operator.tsg_id, wanted.app_name)
        if wanted.auth_code is not None and wanted.auth_code != before.auth_code:
            await _check_move(identity, connection, before, wanted.auth_code)
        if wanted.ai_sec_profile_name:
            known = await _known(connection, operator.tsg_id, wanted.ai_sec_profile_name, find_profile)
            wanted = wanted.model_copy(update={"ai_sec_profile_name": known})
        shown_before = await _shown(connection, before)
        await application_repository.update_application(
            connection,
            operator.tsg_id,
            application_id,
            **_changes(before, wanted),
            updated_by=wanted.updated_by or operator.subject,
        )
        after = await application_repository.find_application(connection, operator.tsg_id, application_id)
        assert after is not None
        shown = await _shown(connection, after)
        await audit.record(
            connection, operator, Verb.UPDATE, Entity.APPLICATIONS, application_id,
            before=for_audit(shown_before), after=for_audit(shown),
        )  # fmt: skip
    identity.authenticator.forget()
    return shown


async def delete_application(identity: Identity, operator: Operator, name: str, *, by: str) -> None:
    """The application and its keys go; these and its access tokens stop at once here, and within a second in other processes.

    Raises:
        NotFoundError: the tenant has no application of that name.
    """
    async with identity.database.write() as connection:
        found = await application_repository.find_application_by_name(connection, operator.tsg_id, name)
        if found is None:
            raise NotFoundError(APPLICATION_NOT_FOUND)
        await remove_application(connection, operator, found, by=by)
    identity.authenticator.forget()


async def insert_application(
    connection: AsyncConnection, operator: Operator, name: str, auth_code: str, now: datetime, *, created_by: str,
    environment: str, cloud_provider: str, agent_framework: str | None, profile_name: str | None = None,
) -> Application:  # fmt: skip
    """Inside the caller's transaction, once the name is known to be free."""
    application_id = new_id()
    await repository.insert_application(
        connection, application_id=application_id, tsg_id=operator.tsg_id, auth_code=auth_code, name=name,
        profile_name=profile_name, agent_framework=agent_framework, environment=environment, cloud_provider=cloud_provider,
        created_by=created_by, created_at=now,
    )  # fmt: skip
    created = await application_repository.find_application(connection, operator.tsg_id, application_id)
    assert created is not None
    after = for_audit(CustomerAppObject.of(created, []))
    await audit.record(connection, operator, Verb.CREATE, Entity.APPLICATIONS, application_id, after=after)
    return created


async def remove_application(connection: AsyncConnection, operator: Operator, application: Application, *, by: str) -> None:
    """Inside the caller's transaction: the application and whatever keys it has."""
    before = for_audit(await _shown(connection, application)) | {"updated_by": by}
    await key_repository.delete_keys_of_application(connection, operator.tsg_id, application.application_id)
    await application_repository.delete_application(connection, operator.tsg_id, application.application_id)
    await audit.record(connection, operator, Verb.DELETE, Entity.APPLICATIONS, application.application_id, before=before)


async def check_room_for_application(identity: Identity, connection: AsyncConnection, deployment: DeploymentProfile) -> None:
    """
    Raises:
        ConflictError: the deployment profile has as many applications as it may.
    """
    limit = identity.settings.applications_per_deployment_profile
    if await application_repository.count_applications(connection, deployment.auth_code) >= limit:
        raise ConflictError(
            f"the deployment profile has its {limit} application{'s' if limit > 1 else ''}: delete or move one",
            payload=[{"auth_code": deployment.auth_code, "dp_name": deployment.dp_name}],
        )


async def _known(connection: AsyncConnection, tsg_id: str, profile: str, find_profile: FindProfile) -> str:
    known = await find_profile(connection, tsg_id, profile)
    if known is None:
        raise NotFoundError(PROFILE_NOT_FOUND)
    return known


async def _shown(connection: AsyncConnection, application: Application) -> CustomerAppObject:
    keys = await key_repository.keys_of_applications(connection, application.tsg_id, [application.application_id])
    return CustomerAppObject.of(application, keys)


async def _check_name(connection: AsyncConnection, tsg_id: str, name: str) -> None:
    taken = await application_repository.find_application_by_name(connection, tsg_id, name)
    if taken is not None:
        payload = [{"customer_appId": taken.application_id, "app_name": taken.name}]
        raise ConflictError("a customer app of this name exists", payload=payload)


async def _check_move(identity: Identity, connection: AsyncConnection, application: Application, auth_code: str) -> None:
    """It and its live keys count in the deployment profile that it moves to."""
    target = await application_repository.find_deployment(connection, application.tsg_id, auth_code)
    if target is None:
        raise NotFoundError("no deployment profile has this auth_code")
    await check_room_for_application(identity, connection, target)
    now = datetime.now(UTC)
    moved = await key_repository.count_live_keys(
        connection, application.auth_code, now, of_application=application.application_id
    )
    there = await key_repository.count_live_keys(connection, auth_code, now)
    if moved and moved + there > identity.settings.keys_per_deployment_profile:
        raise ConflictError(
            "the deployment profile has no room for the keys of the application",
            payload=[{"auth_code": target.auth_code, "dp_name": target.dp_name}],
        )


def _changes(before: Application, wanted: CustomerAppUpdate) -> dict[str, object]:
    def kept(value: str | None, stored: str | None) -> str | None:
        return stored if value is None else value

    return {
        "name": wanted.app_name,
        "cloud_provider": wanted.cloud_provider,
        "environment": wanted.environment,
        "auth_code": wanted.auth_code or before.auth_code,
        "model_name": kept(wanted.model_name, before.model_name),
        "agent_framework": kept(wanted.ai_agent_framework, before.agent_framework) or None,
        "profile_name": kept(wanted.ai_sec_profile_name, before.profile_name) or None,
        "active": before.active if wanted.status is None else wanted.status == "completed",
    }
