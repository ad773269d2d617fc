"""The database: one writer, many readers. SQLite runs in WAL mode and every write transaction begins IMMEDIATE.

A deferred transaction that later wants to write fails with SQLITE_BUSY whatever the timeout; one that begins as a writer waits.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from scangate.errors import ConfigurationError, StorageUnavailableError

_STATEMENTS = 8
"""Prepared statements that a connection keeps: batches of every size are statements of their own, of up to a megabyte each."""


class Database:
    """Connections for reading and for writing; `write()` commits at the end of the block and rolls back on an exception."""

    def __init__(self, url: str, *, busy_seconds: int = 10, max_pages: int | None = None) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() != "sqlite":
            raise ConfigurationError("SCANGATE_DATABASE__URL: this release stores in SQLite only (sqlite+aiosqlite:///path)")
        self._reader = _sqlite_engine(url, busy_seconds, max_pages, begin="BEGIN", pool_size=2)
        self._writer = _sqlite_engine(url, busy_seconds, max_pages, begin="BEGIN IMMEDIATE", pool_size=1)
        self._write_lock = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """
        Raises:
            StorageUnavailableError: the database cannot be read.
        """
        try:
            async with self._reader.connect() as connection:
                yield connection
        except DatabaseError as error:
            raise _unavailable(error) from None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, alone in this process.

        Raises:
            StorageUnavailableError: disk full, file locked for too long, file damaged; nothing of the block was written.
        """
        try:
            async with self._write_lock, self._writer.begin() as connection:
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


def _sqlite_engine(url: str, busy_seconds: int, max_pages: int | None, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": busy_seconds, "cached_statements": _STATEMENTS},
    )
    # a batch is one statement: the interpreter lock changes hands once, not for every row
    engine.sync_engine.dialect.use_insertmanyvalues_wo_returning = True

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's BEGIN below, not the driver's
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=1000"):
            cursor.execute(f"PRAGMA {pragma}")
        if max_pages is not None:
            cursor.execute(f"PRAGMA max_page_count={max_pages}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
