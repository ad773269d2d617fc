"""Deployment profiles: what applications belong to, with a monthly quota of tokens.

They hold the limits of the tenant that is managed. So they are made by the server's owner only, on the command line; the tenant itself
may rename them, switch them off, and make a limit narrower, and what makes it wider only where the owner's settings say so.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from scangate.errors import NotFoundError, PermissionDeniedError, RequestInvalidError
from scangate.identity import application_repository, audit, repository
from scangate.identity.application_repository import DeploymentProfile
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import COMMAND_LINE, Operator
from scangate.identity.schemas import TEXT_MAX, DeploymentProfileEntryObject, for_audit
from scangate.identity.service import Identity


class NoLimit(Enum):
    """What a limit is changed to that is taken away."""

    NO_LIMIT = "no limit"


NO_LIMIT: Final = NoLimit.NO_LIMIT


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
    _check_name(name)
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


@dataclass(frozen=True, slots=True)
class DeploymentChange:
    """What is to be changed; None stays as it is. `NO_LIMIT` takes a limit away."""

    name: str | None = None
    active: bool | None = None
    monthly_tokens: int | NoLimit | None = None
    expires_at: datetime | NoLimit | None = None


async def change_deployment(
    identity: Identity, operator: Operator, auth_code: str, change: DeploymentChange
) -> DeploymentProfile:
    """Keys and access tokens of one that is switched off or has expired are refused, at once here and within a second in other
    processes; they hold again when it is switched on. A new quota holds for the month that runs.

    Raises:
        NotFoundError: the tenant has no such deployment profile.
        RequestInvalidError: the name is empty or too long.
        PermissionDeniedError: the change lifts a limit, and the operator is not the server's owner.
    """
    if change.name is not None:
        _check_name(change.name)
    async with identity.database.write() as connection:
        before = await application_repository.find_deployment(connection, operator.tsg_id, auth_code)
        if before is None:
            raise NotFoundError("no deployment profile has this auth_code")
        if operator.remote != COMMAND_LINE and not identity.settings.tenants_raise_quotas:
            _check_lifts_nothing(before, change)
        values: dict[str, Any] = {
            "dp_name": change.name,
            "active": change.active,
            "monthly_tokens": change.monthly_tokens,
            "expires_at": change.expires_at,
        }
        values = {name: None if value is NO_LIMIT else value for name, value in values.items() if value is not None}
        if values:
            await application_repository.update_deployment(connection, operator.tsg_id, auth_code, **values)
        after = await application_repository.find_deployment(connection, operator.tsg_id, auth_code)
        assert after is not None
        await audit.record(
            connection, operator, Verb.UPDATE, Entity.DEPLOYMENT_PROFILES, auth_code,
            before=for_audit(DeploymentProfileEntryObject.of(before)), after=for_audit(DeploymentProfileEntryObject.of(after)),
        )  # fmt: skip
    identity.authenticator.forget()
    return after


def _check_lifts_nothing(before: DeploymentProfile, change: DeploymentChange) -> None:
    wider = (
        change.active is True and not before.active,
        before.monthly_tokens is not None and _is_wider(change.monthly_tokens, before.monthly_tokens),
        before.expires_at is not None and _is_wider(change.expires_at, before.expires_at),
    )
    if any(wider):
        raise PermissionDeniedError("only the server's owner raises a quota, puts off an end, or switches on again")


def _is_wider(wanted: Any, limit: Any) -> bool:
    return wanted is not None and (wanted is NO_LIMIT or wanted > limit)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= TEXT_MAX:
        raise RequestInvalidError(f"a deployment profile's name has 1 to {TEXT_MAX} characters")
