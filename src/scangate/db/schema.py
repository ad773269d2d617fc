"""Bringing a database to this release's schema. Alembic does it; it is imported only when there is something to do.

A database that is damaged or newer than this release is refused with a clear message and left as it is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from scangate.errors import ConfigurationError

SCHEMA_REVISION = "0002"
"""The newest migration in `db/migrations/versions`; a test holds the two together."""

_HEADER = b"SQLite format 3\x00"


def migrate(url: str) -> None:
    """Create or upgrade the schema.

    Raises:
        ConfigurationError: the file is not a database, is damaged, or was written by a newer release.
    """
    path = make_url(url).database
    current = _sqlite_revision(Path(path)) if path else None
    if current == SCHEMA_REVISION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("+aiosqlite", ""))
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise ConfigurationError(
            f"the database {path} has schema revision {current!r}, which this release does not know; use a newer Scangate"
        ) from None


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
