"""Authentication of API keys, and the keys' life: create, list, revoke."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.domain.ids import new_id
from scangate.errors import CredentialsInvalidError, RequestInvalidError
from scangate.identity import repository
from scangate.identity.principal import Principal, generate_secret, hash_secret
from scangate.identity.repository import KeyListing

KEY_NAME_MAX = 31


class Authenticator:
    """Keys to principals, cached: a revocation by another process holds after `ttl_seconds` at the latest.

    Unknown keys are cached too, so that a client that hammers with a wrong key does not reach the database; the cache is
    bounded, least recently used out first.
    """

    def __init__(self, database: Database, *, ttl_seconds: float = 1.0, size: int = 4096) -> None:
        self._database = database
        self._principals: ReadThrough[str, Principal | None] = ReadThrough(self._find, ttl_seconds=ttl_seconds, size=size)

    async def authenticate(self, key: str) -> Principal:
        """
        Raises:
            CredentialsInvalidError: unknown, revoked or expired.
            StorageUnavailableError: the key is not cached and the database cannot be read.
        """
        principal = await self._principals.get(hash_secret(key))
        if principal is None or (principal.expires_at is not None and principal.expires_at <= datetime.now(UTC)):
            raise CredentialsInvalidError
        return principal

    async def _find(self, key_hash: str) -> Principal | None:
        async with self._database.read() as connection:
            return await repository.find_principal(connection, key_hash)


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
