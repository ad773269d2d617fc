"""Service accounts, the OAuth clients of the management plane: created with a secret that is shown once, disabled, never deleted."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from scangate.errors import NotFoundError
from scangate.identity import audit, repository, role_repository
from scangate.identity.permissions import SUPERUSER, Entity, Verb
from scangate.identity.principal import Operator, generate_secret, hash_secret
from scangate.identity.role_repository import Account
from scangate.identity.roles import check_another_superuser, check_covered, permissions_of
from scangate.identity.schemas import ServiceAccountObject, for_audit
from scangate.identity.service import Identity

ACCOUNT_NOT_FOUND = "service account not found"
CLIENT_SECRET_PREFIX = "sgs_"  # noqa: S105 - a prefix


async def list_accounts(identity: Identity, tsg_id: str, *, offset: int = 0, limit: int | None = None) -> list[Account]:
    async with identity.database.read() as connection:
        return await role_repository.list_accounts(connection, tsg_id, offset=offset, limit=limit)


async def create_account(identity: Identity, operator: Operator, name: str, role: str) -> tuple[Account, str]:
    """The account and its secret, which is not stored.

    Raises:
        NotFoundError: there is no such role.
        PermissionDeniedError: the role permits what the operator's own does not.
    """
    now, secret = datetime.now(UTC), generate_secret(CLIENT_SECRET_PREFIX)
    account = Account(f"{secrets.token_hex(8)}@{operator.tsg_id}", name, role, now, None)
    async with identity.database.write() as connection:
        check_covered(operator, await permissions_of(connection, operator.tsg_id, role))
        await repository.insert_service_account(
            connection, client_id=account.client_id, tsg_id=operator.tsg_id, secret_hash=hash_secret(secret), name=name,
            role=role, created_at=now,
        )  # fmt: skip
        after = for_audit(ServiceAccountObject.of(account))
        await audit.record(connection, operator, Verb.CREATE, Entity.SERVICE_ACCOUNTS, account.client_id, after=after)
    return account, secret


async def rotate_secret(
    identity: Identity, operator: Operator, client_id: str, *, grace_seconds: int | None = None
) -> tuple[Account, str]:
    """A new secret, which is not stored. The old one goes on for `grace_seconds`, by default for those of the settings, so that
    clients can be given the new one meanwhile; a second rotation ends it. Access tokens live to their own end.

    Raises:
        NotFoundError: the tenant has no such account, or it is disabled.
        PermissionDeniedError: its role permits what the operator's own does not: the secret would be a way to become it.
    """
    now, secret = datetime.now(UTC), generate_secret(CLIENT_SECRET_PREFIX)
    grace = timedelta(seconds=identity.settings.secret_grace_seconds if grace_seconds is None else grace_seconds)
    async with identity.database.write() as connection:
        before = await role_repository.find_account(connection, operator.tsg_id, client_id)
        if before is None or before.disabled_at is not None:
            raise NotFoundError(ACCOUNT_NOT_FOUND)
        check_covered(operator, await permissions_of(connection, operator.tsg_id, before.role))
        await role_repository.rotate_secret(
            connection, operator.tsg_id, client_id, hash_secret(secret), old_until=now + grace if grace else None
        )
        after = await role_repository.find_account(connection, operator.tsg_id, client_id)
        assert after is not None
        await audit.record(
            connection, operator, Verb.UPDATE, Entity.SERVICE_ACCOUNTS, client_id,
            before=for_audit(ServiceAccountObject.of(before)),
            after=for_audit(ServiceAccountObject.of(after)) | {"secret": "rotated"},
        )  # fmt: skip
    return after, secret


async def disable_account(identity: Identity, operator: Operator, client_id: str) -> None:
    """It gets no more tokens, and those that it has stop at once here, and within a second in other processes.

    Raises:
        NotFoundError: the tenant has no such account, or it is disabled already.
        ConflictError: it is the last superuser: nobody could undo it.
    """
    async with identity.database.write() as connection:
        found = await role_repository.find_account(connection, operator.tsg_id, client_id)
        if found is None or found.disabled_at is not None:
            raise NotFoundError(ACCOUNT_NOT_FOUND)
        if found.role == SUPERUSER:
            await check_another_superuser(connection, operator.tsg_id)
        await role_repository.disable_account(connection, operator.tsg_id, client_id, datetime.now(UTC))
        before = for_audit(ServiceAccountObject.of(found))
        await audit.record(
            connection, operator, Verb.DELETE, Entity.SERVICE_ACCOUNTS, client_id,
            before=before, after=before | {"disabled": True},
        )  # fmt: skip
    identity.authenticator.forget()
