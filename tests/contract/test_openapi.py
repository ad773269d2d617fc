"""Schemathesis speaks to a live server from its own OpenAPI document: whatever it sends, the answers are the documented ones."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from tests.live import LiveServer

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROUTES = [
    ("POST", "/v1/scan/sync/request"),
    ("POST", "/v1/scan/async/request"),
    ("GET", "/v1/scan/results"),
    ("GET", "/v1/scan/results/{scan_id}"),
    ("GET", "/v1/scan/reports"),
    ("POST", "/oauth2/access_token"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),
]


@pytest.fixture(scope="module")
def document(server: LiveServer) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{server.http_url}/openapi.json")


def test_every_documented_route_is_in_the_table(document: schemathesis.BaseSchema) -> None:
    documented = {(operation.ok().method.upper(), operation.ok().path) for operation in document.get_all_operations()}
    assert documented == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
def test_every_answer_is_a_documented_one(document: schemathesis.BaseSchema, server: LiveServer, method: str, path: str) -> None:
    asked = []

    @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        asked.append(case.call_and_validate(headers={"x-pan-token": server.key}, checks=CHECKS, timeout=30).status_code)

    ask()
    assert asked
