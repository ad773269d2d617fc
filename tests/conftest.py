"""One server for every test that does not change or kill it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.live import LiveServer, running
from tests.postgres import empty_database, postgres_server, programs

MANY_QUERIES = {"SCANGATE_LIMITS__QUERIES_PER_MINUTE": "100000", "SCANGATE_IDENTITY__LOGINS_PER_MINUTE": "100000"}
"""The documented 10 a minute would stop the tests themselves, and so would 30 log-ins; both have tests and servers of their own."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running(tmp_path_factory.mktemp("server") / "data", env=MANY_QUERIES) as live:
        yield live


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server's own database; `.ci/run` installs the server, elsewhere it may be missing."""
    directory = programs()
    if directory is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with postgres_server(directory) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'scangate.db'}"
        return
    with empty_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def client(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as connected:
        yield connected
