"""Authentication: keys and access tokens to who they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.changes import ChangeWatch
from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.errors import CredentialsInvalidError, NotAuthenticatedError, RequestInvalidError
from scangate.identity import repository, user_repository
from scangate.identity.passwords import Passwords
from scangate.identity.permissions import BUILT_IN
from scangate.identity.principal import Operator, Principal, hash_secret
from scangate.identity.tokens import Claims, Tokens
from scangate.settings import IdentitySettings


@dataclass(frozen=True, slots=True)
class Identity:
    """What the routes of this slice work with."""

    database: Database
    tokens: Tokens
    authenticator: Authenticator
    settings: IdentitySettings
    passwords: Passwords = field(default_factory=Passwords)


class Authenticator:
    """Keys and access tokens to who they belong to, cached: a revocation by another process holds within a second.

    Unknown ones are cached too, so that a client that hammers with a wrong key does not reach the database; the caches are
    bounded, least recently used out first.
    """

    def __init__(
        self, database: Database, tokens: Tokens, watch: ChangeWatch | None = None, *, ttl_seconds: float = 0.9, size: int = 4096
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._principals: ReadThrough[str, Principal | None] = ReadThrough(
            self._find, ttl_seconds=ttl_seconds, size=size, watch=watch
        )
        self._bearers: ReadThrough[str, Principal | None] = ReadThrough(
            self._find_bearer, ttl_seconds=ttl_seconds, size=size, watch=watch
        )
        self._operators: ReadThrough[str, tuple[Operator, datetime] | None] = ReadThrough(
            self._find_operator, ttl_seconds=ttl_seconds, size=size, watch=watch
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

    async def former(self, *, key: str = "", token: str = "") -> Principal | None:
        """Whose key or access token for scanning this was before it ended or was taken away, for the log; not cached.

        Raises:
            StorageUnavailableError: the database cannot be read.
        """
        if key:
            async with self._database.read() as connection:
                return await repository.find_former(connection, hash_secret(key))
        try:
            claims = await self._tokens.read(token)
        except CredentialsInvalidError:
            return None
        if claims.audience != "scan":
            return None
        async with self._database.read() as connection:
            return await repository.find_application_principal(
                connection, claims.tsg_id, claims.application_id or "", claims.token_id, claims.expires_at, usable=False
            )

    async def operator(self, token: str, remote: str) -> Operator:
        """Who calls the management plane.

        Raises:
            NotAuthenticatedError: the token does not hold, or its service account or user is gone.
            StorageUnavailableError: as above.
        """
        found = await self._operators.get(token)
        if found is None or found[1] <= datetime.now(UTC):
            raise NotAuthenticatedError
        return replace(found[0], remote=remote)

    def forget(self) -> None:
        """After a change of keys, tokens, roles or accounts by this process, so that it holds here at once."""
        self._principals.clear()
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
            found = await _subject(connection, claims)
            if found is None:
                return None
            name, role = found
            permissions = BUILT_IN.get(role)
            if permissions is None:
                permissions = frozenset(await repository.find_role(connection, claims.tsg_id, role) or ())
        return Operator(claims.tsg_id, name, role, permissions), claims.expires_at

    async def _find(self, key_hash: str) -> Principal | None:
        async with self._database.read() as connection:
            return await repository.find_principal(connection, key_hash)


async def _subject(connection: AsyncConnection, claims: Claims) -> tuple[str, str] | None:
    """What the audit log calls the service account or user of a token, and their role; None where they are none any more."""
    account = await repository.find_service_account(connection, claims.subject)
    if account is not None:
        return (account.client_id, account.role) if account.tsg_id == claims.tsg_id else None
    user = await user_repository.find_subject(connection, claims.subject)
    if user is None or user.tsg_id != claims.tsg_id or user.password_number != claims.password_number:
        return None
    return user.email, user.role


def _unexpired(principal: Principal | None) -> Principal:
    if principal is None or (principal.expires_at is not None and principal.expires_at <= datetime.now(UTC)):
        raise CredentialsInvalidError
    return principal


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
