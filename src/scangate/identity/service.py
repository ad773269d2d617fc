"""Authentication of API keys, and the keys' life: create, list, revoke."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.domain.ids import new_id
from scangate.errors import CredentialsInvalidError, NotAuthenticatedError, RequestInvalidError
from scangate.identity import repository
from scangate.identity.permissions import BUILT_IN
from scangate.identity.principal import Operator, Principal, generate_secret, hash_secret
from scangate.identity.repository import KeyListing
from scangate.identity.tokens import Tokens
from scangate.settings import IdentitySettings

KEY_NAME_MAX = 31


@dataclass(frozen=True, slots=True)
class Identity:
    """What the routes of this slice work with."""

    database: Database
    tokens: Tokens
    authenticator: Authenticator
    settings: IdentitySettings


class Authenticator:
    """Keys and access tokens to who they belong to, cached: a revocation by another process holds after `ttl_seconds` at the latest.

    Unknown ones are cached too, so that a client that hammers with a wrong key does not reach the database; the caches are
    bounded, least recently used out first.
    """

    def __init__(self, database: Database, tokens: Tokens, *, ttl_seconds: float = 1.0, size: int = 4096) -> None:
        self._database = database
        self._tokens = tokens
        self._principals: ReadThrough[str, Principal | None] = ReadThrough(self._find, ttl_seconds=ttl_seconds, size=size)
        self._bearers: ReadThrough[str, Principal | None] = ReadThrough(self._find_bearer, ttl_seconds=ttl_seconds, size=size)
        self._operators: ReadThrough[str, tuple[Operator, datetime] | None] = ReadThrough(
            self._find_operator, ttl_seconds=ttl_seconds, size=size
        )

    async def authenticate(self, key: str) -> Principal:
        """
        Raises:
            CredentialsInvalidError: unknown, revoked or expired.
            StorageUnavailableError: the key is not cached and the database cannot be read.
        """
        return _unexpired(await self._principals.get(hash_secret(key)))

    async def authenticate_bearer(self, token: str) -> Principal:
        """Who scans with an access token of the mint route.

        Raises:
            CredentialsInvalidError: it does not hold, is no token for scanning, or its application is gone.
            StorageUnavailableError: as above.
        """
        return _unexpired(await self._bearers.get(token))

    async def operator(self, token: str, remote: str) -> Operator:
        """Who calls the management plane.

        Raises:
            NotAuthenticatedError: the token does not hold, or its service account is gone.
            StorageUnavailableError: as above.
        """
        found = await self._operators.get(token)
        if found is None or found[1] <= datetime.now(UTC):
            raise NotAuthenticatedError
        return replace(found[0], remote=remote)

    def forget_tokens(self) -> None:
        """After an invalidation in this process, so that it holds at once."""
        self._bearers.clear()
        self._operators.clear()

    async def _find_bearer(self, token: str) -> Principal | None:
        try:
            claims = await self._tokens.verify(token, "scan")
        except CredentialsInvalidError:
            return None
        async with self._database.read() as connection:
            return await repository.find_application_principal(
                connection, claims.tsg_id, claims.application_id or "", claims.token_id, claims.expires_at
            )

    async def _find_operator(self, token: str) -> tuple[Operator, datetime] | None:
        try:
            claims = await self._tokens.verify(token, "management")
        except CredentialsInvalidError:
            return None
        async with self._database.read() as connection:
            account = await repository.find_service_account(connection, claims.subject)
            if account is None or account.tsg_id != claims.tsg_id:
                return None
            permissions = BUILT_IN.get(account.role)
            if permissions is None:
                permissions = frozenset(await repository.find_role(connection, account.tsg_id, account.role) or ())
        return Operator(account.tsg_id, account.client_id, account.role, permissions), claims.expires_at

    async def _find(self, key_hash: str) -> Principal | None:
        async with self._database.read() as connection:
            return await repository.find_principal(connection, key_hash)


def _unexpired(principal: Principal | None) -> Principal:
    if principal is None or (principal.expires_at is not None and principal.expires_at <= datetime.now(UTC)):
        raise CredentialsInvalidError
    return principal


async def create_key(
    database: Database, tsg_id: str, name: str, *, application: str | None = None, days: int | None = None
) -> str:
    """A new API key of an application (by default the oldest); returned here and never again.

    Raises:
        RequestInvalidError: the name is empty or over 31 characters, or there is no such application.
    """
    if not 0 < len(name) <= KEY_NAME_MAX:
        raise RequestInvalidError(f"a key's name has 1 to {KEY_NAME_MAX} characters")
    secret = generate_secret()
    now = datetime.now(UTC)
    async with database.write() as connection:
        application_id = await repository.find_application(connection, tsg_id, application)
        if application_id is None:
            raise RequestInvalidError(f"no application {application!r}")
        await repository.insert_api_key(
            connection,
            api_key_id=new_id(),
            tsg_id=tsg_id,
            application_id=application_id,
            name=name,
            key_hash=hash_secret(secret),
            last8=secret[-8:],
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
    return secret


async def list_keys(database: Database, tsg_id: str) -> list[KeyListing]:
    async with database.read() as connection:
        return await repository.list_keys(connection, tsg_id)


async def revoke_key(database: Database, tsg_id: str, name_or_last8: str) -> int:
    """
    Raises:
        RequestInvalidError: no live key has that name or those last eight characters.
    """
    async with database.write() as connection:
        revoked = await repository.revoke_keys(connection, tsg_id, name_or_last8, datetime.now(UTC))
    if not revoked:
        raise RequestInvalidError(f"no live key with the name or last eight characters {name_or_last8!r}")
    return revoked


async def tenant_of_installation(database: Database) -> str:
    """
    Raises:
        RequestInvalidError: the server has never been started on this data directory.
    """
    async with database.read() as connection:
        tsg_id = await repository.only_tenant(connection)
    if tsg_id is None:
        raise RequestInvalidError("this data directory is empty: start `scangate serve` on it once")
    return tsg_id
