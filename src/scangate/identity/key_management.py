"""Management routes of API keys."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from scangate.identity import keys
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.rotation import Rotation
from scangate.identity.schemas import (
    APIKeyCreationObject,
    APIKeyObject,
    APIKeyRegeneration,
    PaginatedAPIKeyObject,
    updated_by_of,
)
from scangate.identity.service import Identity
from scangate.web.documents import body_of, read_document
from scangate.web.management import Limit, Offset, page

router = APIRouter(tags=["API keys"])


@router.post(
    "/apikey",
    summary="Create an API key",
    response_model=APIKeyObject,
    response_model_exclude_none=True,
    openapi_extra=body_of(APIKeyCreationObject),
)
async def create_api_key(request: Request) -> Any:
    """The answer is the only place where the key itself, `api_key`, ever stands. An application that does not exist is created."""
    operator = await permitted(request, Entity.API_KEYS, Verb.CREATE)
    identity: Identity = request.app.state.runtime.identity
    key, secret = await keys.create_key(identity, operator, await read_document(request, APIKeyCreationObject))
    return APIKeyObject.of(key, secret=secret)


@router.get("/apikeys", summary="List API keys", response_model=PaginatedAPIKeyObject, response_model_exclude_none=True)
async def list_api_keys(request: Request, offset: Offset = 0, limit: Limit = 100) -> Any:
    """Oldest first. A key is known by its name and its last eight characters."""
    return await _page(request, await permitted(request, Entity.API_KEYS, Verb.READ), offset, limit)


@router.get(
    "/apikeys/tsg/{tsg_id}",
    summary="List API keys of a tenant",
    response_model=PaginatedAPIKeyObject,
    response_model_exclude_none=True,
)
async def list_api_keys_of_tenant(request: Request, tsg_id: str, offset: Offset = 0, limit: Limit = 100) -> Any:
    """The same list; the tenant must be the caller's."""
    return await _page(request, await permitted(request, Entity.API_KEYS, Verb.READ, tsg_id=tsg_id), offset, limit)


@router.delete("/apikey/delete/{api_key_name:path}", summary="Delete an API key by name")
async def delete_api_key(request: Request, api_key_name: str, updated_by: str | None = None) -> str:
    """The key stops within a second. Its application goes with it when no other key uses it."""
    operator = await permitted(request, Entity.API_KEYS, Verb.DELETE)
    identity: Identity = request.app.state.runtime.identity
    gone = await keys.delete_key(identity, operator, api_key_name.strip(), by=updated_by_of(updated_by))
    return f"successfully deleted API key: {api_key_name}" + (f" and customer app: {gone}" if gone else "")


@router.post(
    "/apikey/regenerate/{api_key_id}",
    summary="Replace the secret of an API key",
    response_model=APIKeyObject,
    response_model_exclude_none=True,
    openapi_extra=body_of(APIKeyRegeneration),
)
async def regenerate_api_key(request: Request, api_key_id: str) -> Any:
    """The answer holds the new `api_key`, this once; the old one stops within a second."""
    operator = await permitted(request, Entity.API_KEYS, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, APIKeyRegeneration)
    rotation = Rotation(wanted.rotation_time_interval, wanted.rotation_time_unit)
    key, secret = await keys.regenerate_key(identity, operator, api_key_id, rotation, by=wanted.updated_by)
    return APIKeyObject.of(key, secret=secret)


async def _page(request: Request, operator: Operator, offset: int, limit: int) -> PaginatedAPIKeyObject:
    identity: Identity = request.app.state.runtime.identity
    found = await keys.list_keys(identity, operator.tsg_id, offset=offset, limit=limit + 1)
    shown, following = page(found, offset, limit)
    return PaginatedAPIKeyObject(api_keys=[APIKeyObject.of(key) for key in shown], next_offset=following)
