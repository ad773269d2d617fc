"""Management routes of users."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from scangate.identity import users
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.service import Identity
from scangate.identity.user_schemas import PasswordReset, UserCreation, UserObject, UserPage, UserUpdate
from scangate.web.documents import body_of, read_document
from scangate.web.management import Limit, Offset, page

router = APIRouter(tags=["Users"])


@router.get("/users", summary="List users", response_model=UserPage, response_model_exclude_none=True)
async def list_users(request: Request, offset: Offset = 0, limit: Limit = 100) -> Any:
    """By their e-mail addresses, those who are disabled among them."""
    operator = await permitted(request, Entity.USERS, Verb.READ)
    identity: Identity = request.app.state.runtime.identity
    found = await users.list_users(identity, operator.tsg_id, offset=offset, limit=limit + 1)
    shown, following = page(found, offset, limit)
    return UserPage(users=[UserObject.of(user) for user in shown], next_offset=following)


@router.post(
    "/users",
    summary="Create a user",
    response_model=UserObject,
    response_model_exclude_none=True,
    openapi_extra=body_of(UserCreation),
)
async def create_user(request: Request) -> Any:
    """Without a `password` one is made, and stands in this answer only. The role permits nothing that the caller's does not."""
    operator = await permitted(request, Entity.USERS, Verb.CREATE)
    identity: Identity = request.app.state.runtime.identity
    user, password = await users.create_user(identity, operator, await read_document(request, UserCreation))
    return UserObject.of(user, password=password)


@router.put(
    "/users/{user_id}",
    summary="Change a user",
    response_model=UserObject,
    response_model_exclude_none=True,
    openapi_extra=body_of(UserUpdate),
)
async def update_user(request: Request, user_id: str) -> Any:
    """Name, role, and whether they are disabled; `active` also unlocks. Holds within a second."""
    operator = await permitted(request, Entity.USERS, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    return UserObject.of(await users.update_user(identity, operator, user_id, await read_document(request, UserUpdate)))


@router.post(
    "/users/{user_id}/password",
    summary="Give a user another password",
    response_model=UserObject,
    response_model_exclude_none=True,
    openapi_extra=body_of(PasswordReset),
)
async def reset_password(request: Request, user_id: str) -> Any:
    """Also unlocks. Access tokens of before stop within a second. Without a `password` one is made and answered, this once."""
    operator = await permitted(request, Entity.USERS, Verb.UPDATE)
    identity: Identity = request.app.state.runtime.identity
    wanted = await read_document(request, PasswordReset) if await request.body() else PasswordReset()
    given = wanted.password.get_secret_value() if wanted.password else None
    user, password = await users.reset_password(identity, operator, user_id, given)
    return UserObject.of(user, password=password)


@router.delete("/users/{user_id}", summary="Disable a user")
async def disable_user(request: Request, user_id: str) -> str:
    """Their access tokens stop within a second. They stay in the list, and so do their entries in the audit log."""
    operator = await permitted(request, Entity.USERS, Verb.DELETE)
    identity: Identity = request.app.state.runtime.identity
    await users.disable_user(identity, operator, user_id)
    return f"successfully disabled user: {user_id}"
