"""Management routes of applications (customer apps)."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.identity import applications
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.schemas import (
    CustomerAppObject,
    CustomerAppUpdate,
    PaginatedCustomerAppObject,
    updated_by_of,
)
from scangate.identity.service import Identity
from scangate.web.documents import body_of, read_document, required
from scangate.web.management import Limit, Offset, page

router = APIRouter(tags=["Applications"])


class _Profiles(Protocol):
    """What this slice asks of the security profiles, which stand above it."""

    async def find_name(self, connection: AsyncConnection, tsg_id: str, name_or_id: str) -> str | None: ...


@router.get(
    "/customerapp",
    summary="An application by name",
    response_model=CustomerAppObject,
    response_model_exclude_none=True,
)
async def get_customer_app(request: Request, app_name: str | None = None) -> Any:
    operator = await permitted(request, Entity.APPLICATIONS, Verb.READ)
    identity: Identity = request.app.state.runtime.identity
    return await applications.show_application(identity, operator.tsg_id, required(app_name, "app_name").strip())


@router.get(
    "/customerapps",
    summary="List applications",
    response_model=PaginatedCustomerAppObject,
    response_model_exclude_none=True,
)
async def list_customer_apps(request: Request, offset: Offset = 0, limit: Limit = 100) -> Any:
    """Oldest first, each with its keys and their deployment profile."""
    return await _page(request, await permitted(request, Entity.APPLICATIONS, Verb.READ), offset, limit)


@router.get(
    "/customerapp/tsg/{tsg_id}",
    summary="List applications of a tenant",
    response_model=PaginatedCustomerAppObject,
    response_model_exclude_none=True,
)
async def list_customer_apps_of_tenant(request: Request, tsg_id: str, offset: Offset = 0, limit: Limit = 100) -> Any:
    """The same list; the tenant must be the caller's."""
    return await _page(request, await permitted(request, Entity.APPLICATIONS, Verb.READ, tsg_id=tsg_id), offset, limit)


@router.put(
    "/customerapp",
    summary="Change an application",
    response_model=CustomerAppObject,
    response_model_exclude_none=True,
    openapi_extra=body_of(CustomerAppUpdate),
)
async def update_customer_app(request: Request, customer_app_id: str | None = None) -> Any:
    """Optional fields that are absent stay as they were. `ai_sec_profile_name` is the profile of scans that name none."""
    operator = await permitted(request, Entity.APPLICATIONS, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    application_id = required(customer_app_id, "customer_app_id")
    wanted = await read_document(request, CustomerAppUpdate)
    profiles: _Profiles = request.app.state.runtime.profiles
    return await applications.update_application(identity, operator, application_id, wanted, profiles.find_name)


@router.delete("/customerapp", summary="Delete an application and its keys")
async def delete_customer_app(request: Request, app_name: str | None = None, updated_by: str | None = None) -> str:
    """Its keys and access tokens stop within a second."""
    operator = await permitted(request, Entity.APPLICATIONS, Verb.DELETE)
    identity: Identity = request.app.state.runtime.identity
    name = required(app_name, "app_name").strip()
    await applications.delete_application(identity, operator, name, by=updated_by_of(updated_by))
    return f"successfully deleted customer app: {name}"


async def _page(request: Request, operator: Operator, offset: int, limit: int) -> PaginatedCustomerAppObject:
    identity: Identity = request.app.state.runtime.identity
    found, keys = await applications.list_applications(identity, operator.tsg_id, offset=offset, limit=limit + 1)
    shown, following = page(found, offset, limit)
    return PaginatedCustomerAppObject(
        customer_apps=[CustomerAppObject.of(application, keys) for application in shown], next_offset=following
    )
