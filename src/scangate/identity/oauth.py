"""The token URL: OAuth 2.0 client credentials (RFC 6749 §4.4), with the client in the form or in Basic authorisation, and users'
passwords (§4.3), which only this server's own command line and console should ever ask for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_plus

from scangate.db.engine import Database
from scangate.errors import LoginRefusedError
from scangate.identity import repository
from scangate.identity.logins import log_in
from scangate.identity.principal import hash_secret
from scangate.identity.service import Identity, tenant_of_installation
from scangate.identity.tokens import Tokens

SCOPE_PREFIX: Final = "tsg_id:"


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer of RFC 6749 §5.1. `expires_in` is in seconds and a number: the official SDK divides it."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str = "Bearer"  # noqa: S105 - a name


class OAuthError(Exception):
    """An error of RFC 6749 §5.2; `code` is one of that section's."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


async def client_credentials(
    database: Database, tokens: Tokens, form: Mapping[str, str], authorization: str | None, *, seconds: int
) -> Grant:
    """
    Raises:
        OAuthError: not this grant, no such client, a wrong secret, or the scope of another tenant.
    """
    if form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "grant_type must be client_credentials or password")
    client_id, secret = _basic(authorization) if authorization else (form.get("client_id", ""), form.get("client_secret", ""))
    if not client_id or not secret:
        raise OAuthError("invalid_client", "client id and secret are needed", status=401)
    async with database.read() as connection:
        account = await repository.find_service_account(connection, client_id)
    if account is None or not account.accepts(hash_secret(secret), datetime.now(UTC)):
        raise OAuthError("invalid_client", "unknown client or wrong secret", status=401)
    _check_scope(form.get("scope", ""), account.tsg_id)
    token, claims = await tokens.issue(account.tsg_id, account.client_id, "management", seconds=seconds)
    lifetime = int((claims.expires_at - claims.issued_at).total_seconds())
    return Grant(token, lifetime, f"{SCOPE_PREFIX}{account.tsg_id}")


async def user_password(identity: Identity, form: Mapping[str, str], remote: str, *, seconds: int) -> Grant:
    """
    Raises:
        OAuthError: no such user, a wrong password, locked, or no tenant to look in.
        LimitExceededError: too many log in at this moment.
    """
    email, password = form.get("username", ""), form.get("password", "")
    if not email or not password:
        raise OAuthError("invalid_request", "username and password are needed")
    named = [part.removeprefix(SCOPE_PREFIX) for part in form.get("scope", "").split() if part.startswith(SCOPE_PREFIX)]
    if len(named) > 1:
        raise OAuthError("invalid_scope", "one tenant at a time")
    tsg_id = named[0] if named else await tenant_of_installation(identity.database)
    try:
        user = await log_in(identity, tsg_id, email, password, remote=remote)
    except LoginRefusedError as error:
        raise OAuthError("invalid_grant", error.message) from None
    token, claims = await identity.tokens.issue(
        tsg_id, user.user_id, "management", seconds=seconds, password_number=user.password_number
    )
    return Grant(token, int((claims.expires_at - claims.issued_at).total_seconds()), f"{SCOPE_PREFIX}{tsg_id}")


def _check_scope(scope: str, tsg_id: str) -> None:
    for part in scope.split():
        if part.startswith(SCOPE_PREFIX) and part != f"{SCOPE_PREFIX}{tsg_id}":
            raise OAuthError("invalid_scope", "the client belongs to another tenant")


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise OAuthError("invalid_client", "Basic is the only scheme here", status=401)
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise OAuthError("invalid_client", "the Authorization header cannot be read", status=401) from None
    return unquote_plus(client_id), unquote_plus(secret)
