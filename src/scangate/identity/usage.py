"""Quotas: tokens of scanned content per deployment profile and calendar month (UTC). A token is four characters, rounded up per scan.

What was scanned is counted in the transaction that records the scan: after a crash the counter is what the records say. Before a
scan, the stored figure (at most a second old) and what this process has not written yet are held against the quota; several processes
together may run over by what they scan in that second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.engine import Database
from scangate.db.readthrough import ReadThrough
from scangate.errors import QuotaExceededError
from scangate.identity.principal import Principal
from scangate.identity.tables import TokenUsageRow

CHARACTERS_PER_TOKEN: Final = 4
USED_UP: Final = "the monthly tokens of the deployment profile are used up"


def tokens_of(characters: int) -> int:
    """Tokens of a scan with so many characters (code points) of content."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def month_of(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.year:04}-{moment.month:02}"


async def add_usage(connection: AsyncConnection, usage: Mapping[tuple[str, str], int]) -> None:
    """Add tokens by (auth code, month), inside the transaction of the records that they belong to."""
    row = TokenUsageRow
    upsert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for (auth_code, month), tokens in sorted(usage.items()):
        new: Any = upsert(row).values(auth_code=auth_code, month=month, tokens=tokens)
        await connection.execute(
            new.on_conflict_do_update(index_elements=[row.auth_code, row.month], set_={"tokens": row.tokens + tokens})
        )


async def used_tokens(connection: AsyncConnection, auth_code: str, month: str) -> int:
    row = TokenUsageRow
    found = await connection.scalar(select(row.tokens).where(row.auth_code == auth_code, row.month == month))
    return int(found or 0)


class Meter:
    """Holds scans against quotas. One per process; only deployment profiles with a quota cost a (cached) read."""

    def __init__(self, database: Database, *, ttl_seconds: float = 1.0, size: int = 1024) -> None:
        self._database = database
        self._stored: ReadThrough[tuple[str, str], int] = ReadThrough(self._read, ttl_seconds=ttl_seconds, size=size)
        self._unwritten: Counter[tuple[str, str]] = Counter()

    async def check(self, principal: Principal, tokens: int) -> None:
        """
        Raises:
            QuotaExceededError: this month's tokens and these are more than the deployment profile may use.
            StorageUnavailableError: the figure is not cached and cannot be read.
        """
        if principal.monthly_tokens is None:
            return
        now = datetime.now(UTC)
        key = (principal.auth_code, month_of(now))
        if await self._stored.get(key) + self._unwritten[key] + tokens > principal.monthly_tokens:
            raise QuotaExceededError(USED_UP, retry_after_seconds=_until_next_month(now))

    def add(self, auth_code: str, moment: datetime, tokens: int) -> None:
        """A scan was answered and will be written."""
        self._unwritten[auth_code, month_of(moment)] += tokens

    def written(self, usage: Mapping[tuple[str, str], int]) -> None:
        """These are in the database now."""
        for key, tokens in usage.items():
            self._unwritten[key] -= tokens
            if not self._unwritten[key]:
                del self._unwritten[key]
        self.forget(usage)

    def forget(self, usage: Mapping[tuple[str, str], int]) -> None:
        """Read these figures anew: they were changed by this process."""
        for key in usage:
            self._stored.forget(key)

    async def _read(self, key: tuple[str, str]) -> int:
        async with self._database.read() as connection:
            return await used_tokens(connection, *key)


def _until_next_month(now: datetime) -> int:
    following = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    return max(1, int((following - now).total_seconds()))
