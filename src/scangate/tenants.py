"""A new tenant: its security profiles, a deployment profile, an application with a key, and a service account."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.detectors.contract import Resources
from scangate.domain.ids import new_id
from scangate.errors import ConflictError
from scangate.identity import application_repository, audit, repository
from scangate.identity.deployments import new_auth_code
from scangate.identity.permissions import EVERYTHING, SUPERUSER, Entity, Verb
from scangate.identity.principal import COMMAND_LINE, Operator, generate_secret, hash_secret
from scangate.profiles.changes import insert_next
from scangate.profiles.documents import ProfileDraft, checked_profile
from scangate.profiles.seeds import DEFAULT_PROFILE, seeded_profiles

FIRST = "default"
"""The name of a tenant's first application, deployment profile and key."""


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What a tenant begins with. The two secrets are stored as hashes only: whoever made it must show them, once."""

    tsg_id: str
    name: str
    auth_code: str
    customer_app: str
    api_key: str
    client_id: str
    client_secret: str
    profiles: tuple[str, ...]


def new_tenant(name: str) -> NewTenant:
    """A tenant that is not stored yet."""
    tsg_id = str(10**9 + secrets.randbelow(9 * 10**9))
    return NewTenant(
        tsg_id=tsg_id,
        name=name,
        auth_code=new_auth_code(),
        customer_app=FIRST,
        api_key=generate_secret(),
        client_id=f"scangate-admin@{tsg_id}",
        client_secret=generate_secret("sgs_"),
        profiles=tuple(seeded_profiles()),
    )


def first_profiles() -> list[ProfileDraft]:
    """What a tenant's profiles begin with. They are the product's own, so no detector is asked whether it can compile them: that takes
    seconds, and whoever scans under them pays it anyhow."""
    documents = [{"profile_name": name, "policy": policy} for name, policy in seeded_profiles().items()]
    return [checked_profile(document, (), Resources()) for document in documents]


async def create_tenant(database: Database, name: str, profiles: Sequence[ProfileDraft]) -> NewTenant:
    """A tenant that begins with these profiles.

    Raises:
        ConflictError: a tenant of this name exists.
    """
    async with database.write() as connection:
        if any(name == tenant.name for tenant in await application_repository.list_tenants(connection)):
            raise ConflictError(f"a tenant {name!r} exists")
        tenant = new_tenant(name)
        while await application_repository.auth_code_is_taken(connection, tenant.auth_code):
            tenant = new_tenant(name)
        await store_tenant(connection, tenant, profiles, by=COMMAND_LINE)
        operator = Operator(tenant.tsg_id, COMMAND_LINE, SUPERUSER, EVERYTHING, COMMAND_LINE)
        after = {"client_id": tenant.client_id, "role": SUPERUSER}
        await audit.record(connection, operator, Verb.CREATE, Entity.SERVICE_ACCOUNTS, tenant.client_id, after=after)
    return tenant


async def store_tenant(connection: AsyncConnection, tenant: NewTenant, profiles: Sequence[ProfileDraft], *, by: str) -> None:
    """Inside the caller's transaction."""
    now = datetime.now(UTC)
    tsg_id, application_id = tenant.tsg_id, new_id()
    await repository.insert_tenant(connection, tsg_id=tsg_id, name=tenant.name, created_at=now)
    await repository.insert_deployment_profile(
        connection, auth_code=tenant.auth_code, tsg_id=tsg_id, dp_name=FIRST, created_at=now
    )
    await repository.insert_application(
        connection, application_id=application_id, tsg_id=tsg_id, auth_code=tenant.auth_code, name=tenant.customer_app,
        profile_name=DEFAULT_PROFILE, agent_framework=None, created_by=by, created_at=now,
    )  # fmt: skip
    await repository.insert_api_key(
        connection, api_key_id=new_id(), tsg_id=tsg_id, application_id=application_id, name=FIRST,
        key_hash=hash_secret(tenant.api_key), last8=tenant.api_key[-8:], created_by=by, created_at=now,
    )  # fmt: skip
    await repository.insert_service_account(
        connection, client_id=tenant.client_id, tsg_id=tsg_id, secret_hash=hash_secret(tenant.client_secret), name=FIRST,
        role=SUPERUSER, created_at=now,
    )  # fmt: skip
    for draft in profiles:
        await insert_next(connection, tsg_id, draft, by=by)
