"""Management routes of roles and service accounts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from scangate.identity import accounts, roles
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.schemas import (
    RoleCreation,
    RoleObject,
    RolePage,
    RoleUpdate,
    SecretRotation,
    ServiceAccountCreation,
    ServiceAccountObject,
    ServiceAccountPage,
)
from scangate.identity.service import Identity
from scangate.web.documents import body_of, read_document
from scangate.web.management import Limit, Offset, page

router = APIRouter()


@router.get("/roles", summary="List roles", response_model=RolePage, tags=["Roles"])
async def list_roles(request: Request, offset: Offset = 0, limit: Limit = 100) -> Any:
    """The built-in ones first."""
    operator = await permitted(request, Entity.ROLES, Verb.READ)
    identity: Identity = request.app.state.runtime.identity
    found = await roles.list_roles(identity, operator.tsg_id, offset=offset, limit=limit + 1)
    shown, following = page(found, offset, limit)
    return RolePage(roles=[RoleObject.of(role) for role in shown], next_offset=following)


@router.post("/roles", summary="Create a role", response_model=RoleObject, tags=["Roles"], openapi_extra=body_of(RoleCreation))
async def create_role(request: Request) -> Any:
    """`permissions` are entity and verb, as in `airs_api.api_keys:read`; none that the caller does not have."""
    operator = await permitted(request, Entity.ROLES, Verb.CREATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, RoleCreation)
    return RoleObject.of(await roles.create_role(identity, operator, wanted.name, wanted.permissions))


@router.put(
    "/roles/{name:path}",
    summary="Change the permissions of a role",
    response_model=RoleObject,
    tags=["Roles"],
    openapi_extra=body_of(RoleUpdate),
)
async def update_role(request: Request, name: str) -> Any:
    """They hold for its service accounts within a second."""
    operator = await permitted(request, Entity.ROLES, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, RoleUpdate)
    return RoleObject.of(await roles.update_role(identity, operator, name, wanted.permissions))


@router.delete("/roles/{name:path}", summary="Delete a role", tags=["Roles"])
async def delete_role(request: Request, name: str) -> str:
    """409 while a service account has it."""
    operator = await permitted(request, Entity.ROLES, Verb.DELETE)
    identity: Identity = request.app.state.runtime.identity
    await roles.delete_role(identity, operator, name)
    return f"successfully deleted role: {name}"


@router.get(
    "/serviceaccounts",
    summary="List service accounts",
    response_model=ServiceAccountPage,
    response_model_exclude_none=True,
    tags=["Service accounts"],
)
async def list_service_accounts(request: Request, offset: Offset = 0, limit: Limit = 100) -> Any:
    """Oldest first, those that are disabled among them."""
    operator = await permitted(request, Entity.SERVICE_ACCOUNTS, Verb.READ)
    identity: Identity = request.app.state.runtime.identity
    found = await accounts.list_accounts(identity, operator.tsg_id, offset=offset, limit=limit + 1)
    shown, following = page(found, offset, limit)
    return ServiceAccountPage(service_accounts=[ServiceAccountObject.of(account) for account in shown], next_offset=following)


@router.post(
    "/serviceaccounts",
    summary="Create a service account",
    response_model=ServiceAccountObject,
    response_model_exclude_none=True,
    tags=["Service accounts"],
    openapi_extra=body_of(ServiceAccountCreation),
)
async def create_service_account(request: Request) -> Any:
    """The answer is the only place where `client_secret` ever stands. The role permits nothing that the caller's does not."""
    operator = await permitted(request, Entity.SERVICE_ACCOUNTS, Verb.CREATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, ServiceAccountCreation)
    account, secret = await accounts.create_account(identity, operator, wanted.name, wanted.role)
    return ServiceAccountObject.of(account, secret=secret)


@router.post(
    "/serviceaccounts/{client_id}/rotate",
    summary="Give a service account another secret",
    response_model=ServiceAccountObject,
    response_model_exclude_none=True,
    tags=["Service accounts"],
    openapi_extra=body_of(SecretRotation),
)
async def rotate_service_account(request: Request, client_id: str) -> Any:
    """The answer holds the new `client_secret`, this once. The old one goes on until `old_secret_until`."""
    operator = await permitted(request, Entity.SERVICE_ACCOUNTS, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, SecretRotation) if await request.body() else SecretRotation(grace_seconds=None)
    account, secret = await accounts.rotate_secret(identity, operator, client_id, grace_seconds=wanted.grace_seconds)
    return ServiceAccountObject.of(account, secret=secret)


@router.delete("/serviceaccounts/{client_id}", summary="Disable a service account", tags=["Service accounts"])
async def disable_service_account(request: Request, client_id: str) -> str:
    """Its access tokens stop within a second. It stays in the list, and so do its entries in the audit log."""
    operator = await permitted(request, Entity.SERVICE_ACCOUNTS, Verb.DELETE)
    identity: Identity = request.app.state.runtime.identity
    await accounts.disable_account(identity, operator, client_id)
    return f"successfully disabled service account: {client_id}"
