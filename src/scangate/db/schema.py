"""Bringing a database to this release's schema. Alembic does it; it is imported only when there is something to do.

A database that is damaged or newer than this release is refused with a clear message and left as it is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from scangate.errors import ConfigurationError

SCHEMA_REVISION = "0006"
"""The newest migration in `db/migrations/versions`; a test holds the two together."""

if TYPE_CHECKING:
    from alembic.config import Config

_HEADER = b"SQLite format 3\x00"


def migrate(url: str) -> None:
    """Create or upgrade the schema.

    Raises:
        ConfigurationError: the file is not a database, is damaged, or was written by a newer release.
    """
    address = make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    path = address.database if is_sqlite else None
    current = _sqlite_revision(Path(path)) if path else None
    if current == SCHEMA_REVISION:
        return
    from alembic import command
    from alembic.util import CommandError

    config = alembic_config(url)
    try:
        command.upgrade(config, "head")
    except CommandError:
        where = path or f"{address.host}/{address.database}"
        raise ConfigurationError(
            f"the database {where} has a schema revision{f' {current!r}' if current else ''} that this release does not know; "
            "use a newer Scangate"
        ) from None
    except DatabaseError as error:
        raise ConfigurationError(f"cannot open the database: {type(error.orig).__name__}") from None


def alembic_config(url: str) -> Config:
    """What alembic's commands take; its connection is a blocking one."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("+aiosqlite", "").replace("%", "%%"))
    return config


def _sqlite_revision(path: Path) -> str | None:
    if not path.exists() or path.stat().st_size == 0:
        return None
    damaged = ConfigurationError(f"{path} is not a sound SQLite database; it was left as it is. Restore it from a backup.")
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise damaged
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=10)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise damaged
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None
    except sqlite3.OperationalError as error:
        raise ConfigurationError(f"cannot open the database {path}: {error}") from None
    except sqlite3.DatabaseError:
        raise damaged from None
