"""SQLite: WAL mode, durable commits, and transactions that begin as what they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_STATEMENTS = 8
"""Prepared statements that a connection keeps: batches of every size are statements of their own, of up to a megabyte each."""


def sqlite_engine(url: str, busy_seconds: int, max_pages: int | None, *, begin: str, pool_size: int) -> AsyncEngine:
    """An engine whose transactions begin with `begin`.

    A deferred transaction that later wants to write fails with SQLITE_BUSY whatever the timeout; one that begins as a writer waits.
    """
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
