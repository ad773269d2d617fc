"""Who may call a management route. An endpoint's first line: `operator = await permitted(request, Entity.PROFILES, Verb.READ)`."""

from __future__ import annotations

from starlette.requests import Request

from scangate.errors import NotAuthenticatedError, NotFoundError, PermissionDeniedError
from scangate.identity.permissions import Entity, Verb, permission
from scangate.identity.principal import Operator
from scangate.identity.service import Identity


async def permitted(request: Request, entity: Entity, verb: Verb, *, tsg_id: str | None = None) -> Operator:
    """
    Args:
        tsg_id: the tenant that the path names, where it names one.

    Raises:
        NotAuthenticatedError: no bearer token, or one that does not hold.
        PermissionDeniedError: the caller's role does not permit it.
        NotFoundError: the path or the header `x-tsg-id` names another tenant than the caller's.
        StorageUnavailableError: the token is not cached and the database cannot be read.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticatedError
    identity: Identity = request.app.state.runtime.identity
    remote = request.client.host if request.client else ""
    operator = await identity.authenticator.operator(token.strip(), remote)
    for named in (tsg_id, request.headers.get("x-tsg-id")):
        if named and named != operator.tsg_id:
            raise NotFoundError
    if permission(entity, verb) not in operator.permissions:
        raise PermissionDeniedError(f"the role {operator.role} does not permit {permission(entity, verb)}")
    return operator
