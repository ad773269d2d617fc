"""Access tokens: JWTs (RFC 7519) signed with ES256, for the management plane (`aud` management) and for scanning (`aud` scan).

Key pairs are made when they are first needed and then every `key_days`; a token names its key by `kid`. An old key stays published
until the longest token that it may have signed has expired.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.domain.ids import new_id
from scangate.errors import CredentialsInvalidError
from scangate.identity import repository

ALGORITHM: Final = "ES256"
ISSUER: Final = "scangate"
LONGEST: Final = timedelta(days=90)
"""No token lives longer."""
_LONGEST_TOKEN_TEXT: Final = 4096
_ALL: Final = "all"
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

Audience = Literal["management", "scan"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token that holds says. `application_id` is there for scanning only."""

    tsg_id: str
    subject: str
    audience: Audience
    token_id: str
    issued_at: datetime
    expires_at: datetime
    application_id: str | None = None
    password_number: int | None = None
    """Of a user's token: which of their passwords it was given for."""


@dataclass(frozen=True, slots=True)
class _SigningKeys:
    """Newest first; `newest_at` is when the first of them was made."""

    keys: tuple[ECKey, ...]
    newest_at: datetime


class Tokens:
    """Issues and verifies. Keys are read once and again when a token names one that is not known, at most every second."""

    def __init__(self, database: Database, *, key_days: int, ttl_seconds: float = 1.0) -> None:
        self._database = database
        self._key_days = key_days
        self._keys: ReadThrough[str, _SigningKeys] = ReadThrough(self._read_keys, ttl_seconds=ttl_seconds, size=1)

    async def issue(
        self,
        tsg_id: str,
        subject: str,
        audience: Audience,
        *,
        seconds: int,
        application_id: str | None = None,
        password_number: int | None = None,
    ) -> tuple[str, Claims]:
        """A new token and what it says.

        Raises:
            StorageUnavailableError: the keys cannot be read, or a new one cannot be stored.
        """
        key = await self._signing_key()
        issued = datetime.fromtimestamp(int(time.time()), UTC)
        expires = issued + min(timedelta(seconds=seconds), LONGEST)
        claims = Claims(tsg_id, subject, audience, new_id(), issued, expires, application_id, password_number)
        document: dict[str, Any] = {
            "iss": ISSUER,
            "sub": subject,
            "aud": audience,
            "tsg_id": tsg_id,
            "iat": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
            "jti": claims.token_id,
        }
        if application_id is not None:
            document["app"] = application_id
        if password_number is not None:
            document["password"] = password_number
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, document, key), claims

    async def verify(self, token: str, audience: Audience) -> Claims:
        """
        Raises:
            CredentialsInvalidError: malformed, of another audience, signed with no key of ours, expired, or invalidated.
        """
        claims = _decoded(token, (await self._keys.get(_ALL)).keys, audience)
        async with self._database.read() as connection:
            if await repository.is_revoked(connection, claims.token_id):
                raise CredentialsInvalidError
        return claims

    async def read(self, token: str) -> Claims:
        """What a token says, of either audience, whether it was invalidated or not.

        Raises:
            CredentialsInvalidError: malformed, signed with no key of ours, or expired.
        """
        keys = (await self._keys.get(_ALL)).keys
        try:
            return _decoded(token, keys, "scan")
        except CredentialsInvalidError:
            return _decoded(token, keys, "management")

    async def public_keys(self) -> dict[str, Any]:
        """A JWK set (RFC 7517) of the keys that tokens may be signed with."""
        await self._signing_key()
        keys = (await self._keys.get(_ALL)).keys
        return {"keys": [key.as_dict(private=False, use="sig", alg=ALGORITHM) for key in keys]}

    async def rotate(self, connection: AsyncConnection) -> str:
        """Make a new key pair, with which every later token is signed; returns its id."""
        key = ECKey.generate_key("P-256", {"kid": new_id()})
        assert key.kid is not None
        await repository.insert_signing_key(connection, key.kid, key.as_pem(private=True).decode(), datetime.now(UTC))
        self._keys.forget(_ALL)
        return key.kid

    async def _signing_key(self) -> ECKey:
        found = await self._keys.get(_ALL)
        if not found.keys or found.newest_at < self._oldest_allowed():
            async with self._database.write() as connection:
                newest = await repository.newest_signing_key(connection)
                if newest is None or newest < self._oldest_allowed():  # no other process was faster
                    await self.rotate(connection)
            self._keys.forget(_ALL)
            found = await self._keys.get(_ALL)
        return found.keys[0]

    def _oldest_allowed(self) -> datetime:
        return datetime.now(UTC) - timedelta(days=self._key_days)

    async def _read_keys(self, _name: str) -> _SigningKeys:
        async with self._database.read() as connection:
            rows = await repository.signing_keys(connection, self._oldest_allowed() - LONGEST)
        keys = tuple(ECKey.import_key(private, {"kid": kid}) for kid, private, _ in rows)
        return _SigningKeys(keys, rows[0][2] if rows else _LONG_AGO)


def _decoded(token: str, keys: Sequence[ECKey], audience: Audience) -> Claims:
    if len(token) > _LONGEST_TOKEN_TEXT:
        raise CredentialsInvalidError
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": audience}, exp={"essential": True}
    )
    try:
        document = jwt.decode(token, KeySet(list(keys)), algorithms=[ALGORITHM]).claims
        registry.validate(document)
        return Claims(
            tsg_id=str(document["tsg_id"]),
            subject=str(document["sub"]),
            audience=audience,
            token_id=str(document["jti"]),
            issued_at=datetime.fromtimestamp(document["iat"], UTC),
            expires_at=datetime.fromtimestamp(document["exp"], UTC),
            application_id=document.get("app"),
            password_number=document.get("password"),
        )
    except (JoseError, ValueError, KeyError, TypeError):
        raise CredentialsInvalidError from None
