"""Access tokens for scanning: minted for an application, invalidated before their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from scangate.domain.moments import timestamp
from scangate.errors import CredentialsInvalidError, NotFoundError, RequestInvalidError
from scangate.identity import application_repository, audit, repository
from scangate.identity.permissions import Entity, Verb
from scangate.identity.principal import Operator
from scangate.identity.service import Identity
from scangate.identity.tokens import LONGEST, Claims

TtlUnit = Literal["seconds", "minutes", "hours", "days"]
DEFAULT_TTL: Final = timedelta(hours=24)
TOKEN_NOT_FOUND: Final = "no such access token"  # noqa: S105 - a message


@dataclass(frozen=True, slots=True)
class MintedToken:
    access_token: str
    claims: Claims


def time_to_live(interval: int | None, unit: TtlUnit | None) -> timedelta:
    """24 hours where nothing is said; an interval without a unit is in hours.

    Raises:
        RequestInvalidError: a unit without an interval, an interval below one, or more than 90 days.
    """
    if interval is None:
        if unit is not None:
            raise RequestInvalidError("query.tokenTtlInterval: required with tokenTtlUnit")
        return DEFAULT_TTL
    longest = LONGEST // timedelta(**{unit or "hours": 1})
    if not 1 <= interval <= longest:
        raise RequestInvalidError(f"query.tokenTtlInterval: from 1 to {longest} {unit or 'hours'}")
    return timedelta(**{unit or "hours": interval})


async def mint(identity: Identity, operator: Operator, client_id: str, application: str, ttl: timedelta) -> MintedToken:
    """A token with which to scan for an application.

    Raises:
        NotFoundError: the tenant has no application of that name, or it is pending.
        StorageUnavailableError: nothing was minted.
    """
    async with identity.database.read() as connection:
        found = await application_repository.find_application_by_name(connection, operator.tsg_id, application)
    if found is None or not found.active:
        raise NotFoundError("customer app not found")
    token, claims = await identity.tokens.issue(
        operator.tsg_id, client_id, "scan", seconds=int(ttl.total_seconds()), application_id=found.application_id
    )
    after = {
        "client_id": client_id, "customer_app": found.name, "customer_appId": found.application_id,
        "expiration": timestamp(claims.expires_at),
    }  # fmt: skip
    async with identity.database.write() as connection:
        await audit.record(connection, operator, Verb.CREATE, Entity.ACCESS_TOKENS, claims.token_id, after=after)
    return MintedToken(token, claims)


async def invalidate(identity: Identity, operator: Operator, token: str) -> None:
    """The token stops at once here, and within a second in other processes. Invalidating it twice is no error.

    Raises:
        NotFoundError: no token of this tenant, or one that has expired.
    """
    try:
        claims = await identity.tokens.read(token)
    except CredentialsInvalidError:
        raise NotFoundError(TOKEN_NOT_FOUND) from None
    if claims.tsg_id != operator.tsg_id:
        raise NotFoundError(TOKEN_NOT_FOUND)
    async with identity.database.write() as connection:
        if not await repository.is_revoked(connection, claims.token_id):
            await repository.revoke_token(connection, claims.tsg_id, claims.token_id, claims.expires_at, datetime.now(UTC))
            before = {"client_id": claims.subject, "audience": claims.audience, "expiration": timestamp(claims.expires_at)}
            await audit.record(connection, operator, Verb.DELETE, Entity.ACCESS_TOKENS, claims.token_id, before=before)
    identity.authenticator.forget()
