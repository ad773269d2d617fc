"""The token URL and the public keys. Management routes of this slice stand in `management`."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from scangate.identity.oauth import Grant, OAuthError, client_credentials, user_password
from scangate.identity.service import Identity
from scangate.web.body import read_body
from scangate.web.ratelimit import RateLimiter
from scangate.web.responses import OrjsonResponse

router = APIRouter(tags=["Access tokens"])
_LONGEST_FORM = 16 * 1024
_FORM_SECONDS = 30


class AccessToken(BaseModel):
    """RFC 6749 §5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class OAuthFault(BaseModel):
    """RFC 6749 §5.2."""

    error: str
    error_description: str


_FORM = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": ["client_credentials", "password"]},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "username": {"type": "string", "description": "A user's e-mail address."},
                        "password": {"type": "string"},
                        "scope": {"type": "string", "description": "`tsg_id:<tenant>`, or nothing."},
                    },
                }
            }
        },
    },
}


@router.post(
    "/oauth2/access_token",
    summary="An access token for the management API",
    response_model=AccessToken,
    responses={status: {"model": OAuthFault, "description": "RFC 6749 §5.2"} for status in (400, 401, 408, 413)},
    openapi_extra=_FORM,
)
@router.post("/am/oauth2/access_token", include_in_schema=False)
async def access_token(request: Request) -> Response:
    """OAuth 2.0 client credentials, the client in the form or in Basic authorisation; or `grant_type=password` for a user."""
    identity: Identity = request.app.state.runtime.identity
    body = await read_body(request, max_bytes=_LONGEST_FORM, seconds=_FORM_SECONDS)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
    try:
        grant = await _grant(request, identity, form)
    except OAuthError as error:
        headers = {"WWW-Authenticate": "Basic"} if error.status == 401 else {}
        fault = {"error": error.code, "error_description": error.description}
        return OrjsonResponse(fault, status_code=error.status, headers=headers)
    return OrjsonResponse(
        {
            "access_token": grant.access_token,
            "token_type": grant.token_type,
            "expires_in": grant.expires_in,
            "scope": grant.scope,
        }
    )


async def _grant(request: Request, identity: Identity, form: dict[str, str]) -> Grant:
    seconds = identity.settings.token_seconds
    if form.get("grant_type") != "password":
        authorization = request.headers.get("authorization")
        return await client_credentials(identity.database, identity.tokens, form, authorization, seconds=seconds)
    remote = request.client.host if request.client else ""
    limiter: RateLimiter = request.app.state.runtime.login_limiter
    limiter.hit("login", remote)
    return await user_password(identity, form, remote, seconds=seconds)


@router.get("/.well-known/jwks.json", summary="Public keys of the access tokens")
async def jwks(request: Request) -> dict[str, list[dict[str, str]]]:
    """A JWK set (RFC 7517), for those who verify access tokens themselves."""
    identity: Identity = request.app.state.runtime.identity
    return await identity.tokens.public_keys()
