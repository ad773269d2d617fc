"""Roles: the two that are built in, and a tenant's own. Nobody can give more than they have."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.errors import ConflictError, NotFoundError, PermissionDeniedError
from scangate.identity import audit, role_repository, user_repository
from scangate.identity.permissions import BUILT_IN, SUPERUSER, Entity, Verb, checked_permissions
from scangate.identity.principal import Operator
from scangate.identity.role_repository import Role
from scangate.identity.service import Identity

_BUILT_IN = tuple(Role(name, permissions) for name, permissions in BUILT_IN.items())
_LISTED = 20


def check_covered(operator: Operator, permissions: frozenset[str]) -> None:
    """
    Raises:
        PermissionDeniedError: the operator would give what they do not have.
    """
    beyond = sorted(permissions - operator.permissions)
    if beyond:
        raise PermissionDeniedError(f"the role {operator.role} does not permit {beyond[0]}, so it cannot be given")


async def permissions_of(connection: AsyncConnection, tsg_id: str, role: str) -> frozenset[str]:
    """
    Raises:
        NotFoundError: neither built in nor the tenant's own.
    """
    if role in BUILT_IN:
        return BUILT_IN[role]
    found = await role_repository.find_role(connection, tsg_id, role)
    if found is None:
        raise NotFoundError("role not found")
    return found.permissions


async def check_another_superuser(connection: AsyncConnection, tsg_id: str) -> None:
    """Before one of them, a service account or a user, stops being one.

    Raises:
        ConflictError: there is no other.
    """
    accounts = await role_repository.count_enabled(connection, tsg_id, SUPERUSER)
    if accounts + await user_repository.count_enabled(connection, tsg_id, SUPERUSER) <= 1:
        raise ConflictError("this is the last superuser")


async def list_roles(identity: Identity, tsg_id: str, *, offset: int, limit: int) -> list[Role]:
    """The built-in ones, then the tenant's own by name."""
    built_in = list(_BUILT_IN[offset : offset + limit])
    async with identity.database.read() as connection:
        own = await role_repository.list_roles(
            connection, tsg_id, offset=max(0, offset - len(_BUILT_IN)), limit=limit - len(built_in)
        )
    return built_in + own


async def create_role(identity: Identity, operator: Operator, name: str, permissions: list[str]) -> Role:
    """
    Raises:
        RequestInvalidError: a permission is unknown.
        PermissionDeniedError: the operator does not have a permission that the role would give.
        ConflictError: the name is taken.
    """
    role = Role(name, checked_permissions(permissions))
    check_covered(operator, role.permissions)
    async with identity.database.write() as connection:
        if name in BUILT_IN or await role_repository.find_role(connection, operator.tsg_id, name) is not None:
            raise ConflictError("a role of this name exists", payload=[{"name": name}])
        await role_repository.insert_role(connection, operator.tsg_id, name, sorted(role.permissions), datetime.now(UTC))
        await audit.record(connection, operator, Verb.CREATE, Entity.ROLES, name, after=_document(role))
    return role


async def update_role(identity: Identity, operator: Operator, name: str, permissions: list[str]) -> Role:
    """New permissions hold for its service accounts and users at once here, and within a second in other processes.

    Raises:
        RequestInvalidError: a permission is unknown.
        NotFoundError: the tenant has no such role of its own.
        PermissionDeniedError: the operator does not have a permission that is added.
    """
    role = Role(name, checked_permissions(permissions))
    async with identity.database.write() as connection:
        before = await _own(connection, operator.tsg_id, name)
        check_covered(operator, role.permissions - before.permissions)
        await role_repository.update_role(connection, operator.tsg_id, name, sorted(role.permissions))
        await audit.record(connection, operator, Verb.UPDATE, Entity.ROLES, name, before=_document(before), after=_document(role))
    identity.authenticator.forget()
    return role


async def delete_role(identity: Identity, operator: Operator, name: str) -> None:
    """
    Raises:
        NotFoundError: the tenant has no such role of its own.
        ConflictError: a service account or user who is not disabled has it.
    """
    async with identity.database.write() as connection:
        before = await _own(connection, operator.tsg_id, name)
        accounts = await role_repository.accounts_with_role(connection, operator.tsg_id, name, limit=_LISTED)
        users = await user_repository.users_with_role(connection, operator.tsg_id, name, limit=_LISTED)
        if accounts or users:
            payload = [{"client_id": account.client_id, "name": account.name} for account in accounts]
            payload += [{"user_id": user.user_id, "email": user.email} for user in users]
            raise ConflictError("service accounts or users have this role", payload=payload)
        await role_repository.delete_role(connection, operator.tsg_id, name)
        await audit.record(connection, operator, Verb.DELETE, Entity.ROLES, name, before=_document(before))
    identity.authenticator.forget()


async def _own(connection: AsyncConnection, tsg_id: str, name: str) -> Role:
    found = await role_repository.find_role(connection, tsg_id, name)
    if found is None:
        if name in BUILT_IN:
            raise ConflictError("a built-in role cannot be changed")
        raise NotFoundError("role not found")
    return found


def _document(role: Role) -> dict[str, object]:
    return {"name": role.name, "permissions": sorted(role.permissions)}
