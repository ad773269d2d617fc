"""The database: one writer, many readers, on SQLite and on PostgreSQL alike.

A write transaction is alone from its first statement: on SQLite it begins IMMEDIATE, on PostgreSQL it takes an advisory lock. So
"read the newest revision, insert the next" needs no retries anywhere. Writes are few and batched; scans never wait for one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.db.postgres import ADVISORY_LOCK, postgres_engine
from scangate.db.sqlite import sqlite_engine
from scangate.errors import ConfigurationError, StorageUnavailableError


class Database:
    """Connections for reading and for writing; `write()` commits at the end of the block and rolls back on an exception."""

    def __init__(self, url: str, *, busy_seconds: int = 10, max_pages: int | None = None) -> None:
        self.url = make_url(url)
        self.backend = self.url.get_backend_name()
        if self.url.drivername == "sqlite+aiosqlite":
            self._reader = sqlite_engine(url, busy_seconds, max_pages, begin="BEGIN", pool_size=2)
            self._writer = sqlite_engine(url, busy_seconds, max_pages, begin="BEGIN IMMEDIATE", pool_size=1)
        elif self.url.drivername == "postgresql+psycopg":
            self._reader = self._writer = postgres_engine(url, busy_seconds)
        else:
            raise ConfigurationError(
                "SCANGATE_DATABASE__URL: sqlite+aiosqlite:///path or postgresql+psycopg://user:password@host/database"
            )
        self._write_lock = asyncio.Lock()

    @asynccontextmanager
    async def read(self, *, one_state: bool = False) -> AsyncIterator[AsyncConnection]:
        """
        Args:
            one_state: all of the block's queries see the database as the first one does. SQLite does so anyway.

        Raises:
            StorageUnavailableError: the database cannot be read.
        """
        try:
            async with self._reader.connect() as connection:
                if one_state and self.backend == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection
        except DatabaseError as error:
            raise _unavailable(error) from None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, alone in this installation.

        Raises:
            StorageUnavailableError: disk full, file locked for too long, file damaged; nothing of the block was written.
        """
        try:
            async with self._write_lock, self._writer.begin() as connection:
                if self.backend == "postgresql":
                    await connection.execute(ADVISORY_LOCK)
                yield connection
        except DatabaseError as error:
            raise _unavailable(error) from None

    async def close(self) -> None:
        await self._reader.dispose()
        await self._writer.dispose()


def _unavailable(error: DatabaseError) -> StorageUnavailableError | DatabaseError:
    """Driver messages are kept out of answers: SQLAlchemy's own would quote the parameters, which may be content."""
    if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.DatabaseError)):
        if isinstance(error.orig, sqlite3.IntegrityError):
            return error
        return StorageUnavailableError()
    return error
