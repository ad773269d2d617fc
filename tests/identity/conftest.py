"""Two tenants of a module's own, on the server that all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.identity.tenants import TenantOperator
from tests.live import LiveServer


@pytest.fixture(scope="module")
def one(server: LiveServer) -> Iterator[TenantOperator]:
    with closing(TenantOperator(server)) as operator:
        yield operator


@pytest.fixture(scope="module")
def two(server: LiveServer) -> Iterator[TenantOperator]:
    with closing(TenantOperator(server)) as operator:
        yield operator
