"""A PostgreSQL server of its own for tests, from Debian's package: on a socket and loopback, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from tests.live import free_port

USER = "nobody"
"""PostgreSQL refuses to run as root."""


def programs() -> Path | None:
    """The directory of initdb and postgres, or None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@contextmanager
def postgres_server(bin_dir: Path) -> Iterator[str]:
    """Start a server; yields the URL of an empty database, for SQLAlchemy with psycopg."""
    folder = Path(tempfile.mkdtemp(prefix="scangate-postgres-"))
    user = USER if os.geteuid() == 0 else None
    if user:
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, port = folder / "data", free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    initdb = [bin_dir / "initdb", "-D", data, "-U", "scangate", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, check=True, user=user, **quiet)  # type: ignore[call-overload]
    options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", folder]
    server = subprocess.Popen([bin_dir / "postgres", "-D", data, "-p", str(port), *options], user=user, **quiet)  # type: ignore[call-overload]
    try:
        ready = [bin_dir / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        until = time.monotonic() + 30
        while subprocess.run(ready, check=False).returncode:
            assert server.poll() is None, "PostgreSQL did not start"
            assert time.monotonic() < until, "PostgreSQL did not get ready"
            time.sleep(0.05)
        yield f"postgresql+psycopg://scangate@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(url: str) -> Iterator[str]:
    """A database of its own on a running server."""
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield f"{url.rpartition('/')[0]}/{name}"
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
