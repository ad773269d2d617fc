"""PostgreSQL through psycopg, which the extra `postgres` installs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from scangate.errors import ConfigurationError

ADVISORY_LOCK: Final = text("SELECT pg_advisory_xact_lock(7226842)")
"""Held by a write transaction to its end; the number is Scangate's own."""


def postgres_engine(url: str, busy_seconds: int) -> AsyncEngine:
    """
    Raises:
        ConfigurationError: psycopg is not installed.
    """
    options = f"-c lock_timeout={busy_seconds * 1000} -c timezone=UTC"
    try:
        return create_async_engine(
            url,
            pool_size=4,
            max_overflow=4,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": busy_seconds, "options": options},
        )
    except ModuleNotFoundError:
        raise ConfigurationError("SCANGATE_DATABASE__URL: PostgreSQL needs the extra: pip install 'scangate[postgres]'") from None
