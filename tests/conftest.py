"""One server for every test that does not change or kill it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.live import LiveServer, running

MANY_QUERIES = {"SCANGATE_LIMITS__QUERIES_PER_MINUTE": "100000"}
"""The documented 10 a minute would stop the tests themselves; it has a test and a server of its own."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with running(tmp_path_factory.mktemp("server") / "data", env=MANY_QUERIES) as live:
        yield live


@pytest.fixture
def client(server: LiveServer) -> Iterator[httpx.Client]:
    with server.client() as connected:
        yield connected
