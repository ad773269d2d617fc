"""Deployment profiles: what applications belong to, with a monthly quota of tokens. They are made by the server's owner only, on the
command line, since they hold the quota of the tenant that is managed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from scangate.errors import RequestInvalidError
from scangate.identity import application_repository, audit, repository
from scangate.identity.application_repository import DeploymentProfile
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.schemas import TEXT_MAX, DeploymentProfileEntryObject, for_audit
from scangate.identity.service import Identity


def new_auth_code() -> str:
    return f"D{secrets.randbelow(10**8):08d}"


async def list_deployments(identity: Identity, tsg_id: str, *, unactivated: bool = False) -> list[DeploymentProfile]:
    async with identity.database.read() as connection:
        return await application_repository.list_deployments(connection, tsg_id, unactivated=unactivated)


async def create_deployment(
    identity: Identity, operator: Operator, name: str, *, monthly_tokens: int | None = None, expires_at: datetime | None = None
) -> DeploymentProfile:
    """
    Raises:
        RequestInvalidError: the name is empty or too long.
    """
    if not 0 < len(name) <= TEXT_MAX:
        raise RequestInvalidError(f"a deployment profile's name has 1 to {TEXT_MAX} characters")
    auth_code = new_auth_code()
    async with identity.database.write() as connection:
        while await application_repository.auth_code_is_taken(connection, auth_code):
            auth_code = new_auth_code()
        await repository.insert_deployment_profile(
            connection, auth_code=auth_code, tsg_id=operator.tsg_id, dp_name=name, monthly_tokens=monthly_tokens,
            active=True, expires_at=expires_at, created_at=datetime.now(UTC),
        )  # fmt: skip
        created = await application_repository.find_deployment(connection, operator.tsg_id, auth_code)
        assert created is not None
        after = for_audit(DeploymentProfileEntryObject.of(created))
        await audit.record(connection, operator, Verb.CREATE, Entity.DEPLOYMENT_PROFILES, auth_code, after=after)
    return created
