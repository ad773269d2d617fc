"""Management routes of access tokens for scanning."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BeforeValidator

from scangate.identity import scan_tokens
from scangate.identity.access import permitted
from scangate.identity.permissions import Entity, Verb
from scangate.identity.schemas import ClientIdAndCustomerApp, Oauth2TokenObject, in_plural
from scangate.identity.service import Identity
from scangate.web.documents import body_of, read_document, required

router = APIRouter(prefix="/oauth", tags=["Access tokens for scanning"])

TtlUnit = Annotated[
    scan_tokens.TtlUnit | None,
    BeforeValidator(in_plural),
    Query(alias="tokenTtlUnit", description="Unit of `tokenTtlInterval`; hours where nothing is said."),
]
TtlInterval = Annotated[int | None, Query(alias="tokenTtlInterval", description="How long the token holds: at most 90 days.")]


@router.post(
    "/client_credential/accesstoken",
    summary="Mint an access token for scanning",
    response_model=Oauth2TokenObject,
    openapi_extra=body_of(ClientIdAndCustomerApp),
)
async def mint_access_token(request: Request, interval: TtlInterval = None, unit: TtlUnit = None) -> Any:
    """A bearer token that scans for an application, by default for 24 hours."""
    operator = await permitted(request, Entity.ACCESS_TOKENS, Verb.CREATE)
    identity: Identity = request.app.state.runtime.identity
    ttl = scan_tokens.time_to_live(interval, unit)
    wanted = await read_document(request, ClientIdAndCustomerApp)
    minted = await scan_tokens.mint(identity, operator, wanted.client_id, wanted.customer_app, ttl)
    issued, expires = minted.claims.issued_at, minted.claims.expires_at
    return Oauth2TokenObject(
        access_token=minted.access_token,
        token_type="Bearer",  # noqa: S106 - a name
        expires_in=str(int((expires - issued).total_seconds())),
        issued_at=str(int(issued.timestamp() * 1000)),
        client_id=wanted.client_id,
        status="approved",
    )


@router.post("/invalidateToken", summary="Invalidate an access token")
async def invalidate_token(request: Request, token: str | None = None) -> str:
    """It stops within a second. A body with client and application, as some clients send it, is not needed and not read."""
    operator = await permitted(request, Entity.ACCESS_TOKENS, Verb.DELETE)
    identity: Identity = request.app.state.runtime.identity
    await scan_tokens.invalidate(identity, operator, required(token, "token"))
    return "successfully invalidated the access token"
