"""Every route of the management plane, as its own document lists them, probed by those who may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.identity.tenants import Operator, TenantOperator, on_database
from tests.live import LiveServer

from scangate.db.engine import Database
from scangate.identity.tokens import Tokens
from scangate.management import create_management
from scangate.settings import Settings

READS = {("POST", "/scanlogs"), ("POST", "/topics/evaluate")}
"""Reading, although they are POSTs."""
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def routes() -> list[tuple[str, str, tuple[str, ...]]]:
    """Method, path and required query parameters."""
    paths: dict[str, Any] = create_management(Settings()).openapi()["paths"]
    return [
        (
            method.upper(),
            path,
            tuple(p["name"] for p in operation.get("parameters", ()) if p["in"] == "query" and p.get("required")),
        )
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]


ROUTES = routes()
every_route = pytest.mark.parametrize(("method", "path", "query"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])


@pytest.fixture(scope="module")
def viewer(one: TenantOperator) -> Operator:
    return one.account("view_only_administrator")


@pytest.fixture(scope="module")
def powerless(one: TenantOperator) -> Operator:
    one("POST", "/roles", json={"name": "powerless", "permissions": []})
    return one.account("powerless")


@pytest.fixture(scope="module")
def expired(server: LiveServer, one: TenantOperator) -> Iterator[Operator]:
    async def work(database: Database) -> str:
        token, _ = await Tokens(database, key_days=30).issue(one.tsg_id, one.tenant.client_id, "management", seconds=-5)
        return token

    with closing(Operator(server, on_database(server, work))) as operator:
        yield operator


def probe(operator: Operator, method: str, path: str, query: tuple[str, ...], **headers: str) -> tuple[int, Any]:
    filled = path.replace("{tsg_id}", getattr(operator, "tsg_id", UNKNOWN))
    for step in filled.split("/"):
        filled = filled.replace(step, UNKNOWN) if step.startswith("{") else filled
    answer = operator.client.request(method, filled, params=dict.fromkeys(query, "1"), headers=headers)
    return answer.status_code, answer.json()


def test_the_document_lists_the_plane() -> None:
    assert len(ROUTES) >= 45
    assert {("POST", "/apikey"), ("DELETE", "/customerapp"), ("POST", "/profile")} <= {(m, p) for m, p, _ in ROUTES}


@every_route
def test_without_a_token_or_with_another_one(
    server: LiveServer, one: TenantOperator, expired: Operator, method: str, path: str, query: tuple[str, ...]
) -> None:
    scanning = one("POST", "/oauth/client_credential/accesstoken", json={"client_id": "c", "customer_app": "default"})
    refused = (401, {"status_code": 401, "error_message": "Not Authenticated"})
    for token in ("", "a.b.c", one.tenant.api_key, scanning["access_token"]):
        with closing(Operator(server, token)) as stranger:
            assert probe(stranger, method, path, query) == refused, token
    assert probe(expired, method, path, query) == refused


@every_route
def test_in_the_name_of_another_tenant(
    one: TenantOperator, two: TenantOperator, method: str, path: str, query: tuple[str, ...]
) -> None:
    status, document = probe(one, method, path, query, **{"x-tsg-id": two.tsg_id})
    assert (status, document["status_code"]) == (404, 404)
    if "{tsg_id}" in path:
        one(method, path.replace("{tsg_id}", two.tsg_id), 404)


@every_route
def test_with_a_role_that_permits_nothing(powerless: Operator, method: str, path: str, query: tuple[str, ...]) -> None:
    status, document = probe(powerless, method, path.replace("/tsg/{tsg_id}", "s" if "customer" in path else ""), query)
    assert status == 403 and "does not permit" in document["error_message"]


@every_route
def test_with_a_role_that_only_reads(
    viewer: Operator, one: TenantOperator, method: str, path: str, query: tuple[str, ...]
) -> None:
    status, document = probe(viewer, method, path.replace("{tsg_id}", one.tsg_id), query)
    if method == "GET" or (method, path) in READS:
        assert status in (200, 400, 404), document
    else:
        assert status == 403 and document["status_code"] == 403


def test_probes_change_nothing(one: TenantOperator, viewer: Operator) -> None:
    before = [one("GET", path) for path in ("/apikeys", "/customerapps", "/roles", "/serviceaccounts", "/profiles", "/topics")]
    for method, path, query in ROUTES:
        probe(viewer, method, path, query)
    after = [one("GET", path) for path in ("/apikeys", "/customerapps", "/roles", "/serviceaccounts", "/profiles", "/topics")]
    assert before == after
