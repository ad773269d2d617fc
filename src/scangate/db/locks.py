"""Locks that last until the end of a transaction, for what is read and then written on the strength of it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def exclusive(connection: AsyncConnection, scope: str) -> None:
    """Let no other transaction that asks for the same scope go on until this one ends.

    On SQLite a write transaction is alone from its first statement on, so there is nothing left to do.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(scope, 0))))
