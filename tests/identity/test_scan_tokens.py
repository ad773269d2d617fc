"""Access tokens for scanning: minted on the management plane, used on the scan plane, invalidated."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.identity.tenants import BY, Operator, TenantOperator, access_token, scan_status
from tests.live import running

MINT = "/oauth/client_credential/accesstoken"
INVALIDATE = "/oauth/invalidateToken"
HELD = 1.0


def mint(operator: Operator, expected: int = 200, *, app: Any = "default", client: Any = "gateway", **params: Any) -> Any:
    return operator("POST", MINT, expected, params=params, json={"client_id": client, "customer_app": app})


def test_a_minted_token_scans_for_its_application(one: TenantOperator) -> None:
    minted = mint(one)
    assert (minted["expires_in"], minted["token_type"], minted["client_id"]) == ("86400", "Bearer", "gateway")
    assert abs(int(minted["issued_at"]) / 1000 - time.time()) < 60
    assert scan_status(one.server, token=minted["access_token"]) == 200
    log = one("GET", "/auditlogs", params={"limit": 1})["audit_log"]
    assert log[0]["entity"] == "airs_api.oauth_token" and log[0]["after"]["customer_app"] == "default"
    assert minted["access_token"] not in str(log)


@pytest.mark.parametrize(
    ("params", "seconds"),
    [
        ({"tokenTtlInterval": 3}, "10800"),
        ({"tokenTtlInterval": 24, "tokenTtlUnit": "hours"}, "86400"),
        ({"tokenTtlInterval": 1, "tokenTtlUnit": "Day"}, "86400"),
        ({"tokenTtlInterval": 30, "tokenTtlUnit": "days"}, "2592000"),
        ({"tokenTtlInterval": 60, "tokenTtlUnit": "minutes"}, "3600"),
        ({"tokenTtlInterval": 90, "tokenTtlUnit": "seconds"}, "90"),
    ],
)
def test_time_to_live(one: TenantOperator, params: dict[str, Any], seconds: str) -> None:
    assert mint(one, **params)["expires_in"] == seconds


@pytest.mark.parametrize(
    "params",
    [
        {"tokenTtlInterval": 0},
        {"tokenTtlInterval": -1, "tokenTtlUnit": "days"},
        {"tokenTtlInterval": 91, "tokenTtlUnit": "days"},
        {"tokenTtlInterval": 10**30},
        {"tokenTtlInterval": "many"},
        {"tokenTtlInterval": 1, "tokenTtlUnit": "years"},
        {"tokenTtlUnit": "days"},
    ],
)
def test_a_time_to_live_that_cannot_be(one: TenantOperator, params: dict[str, Any]) -> None:
    assert "tokenTtl" in mint(one, 400, **params)["error_message"]


def test_a_token_that_has_expired_scans_no_more(one: TenantOperator) -> None:
    token = mint(one, tokenTtlInterval=2, tokenTtlUnit="seconds")["access_token"]
    assert scan_status(one.server, token=token) == 200
    time.sleep(2.5)
    assert scan_status(one.server, token=token) == 403
    one("POST", INVALIDATE, 404, params={"token": token})


def test_a_token_stops_within_a_second_of_its_invalidation(one: TenantOperator) -> None:
    token, other = mint(one)["access_token"], mint(one)["access_token"]
    assert scan_status(one.server, token=token) == scan_status(one.server, token=other) == 200
    body = {"client_id": "gateway", "customer_app": "default"}
    assert isinstance(one("POST", INVALIDATE, params={"token": token}, json=body), str)
    time.sleep(HELD)
    assert scan_status(one.server, token=token) == 403
    assert scan_status(one.server, token=other) == 200
    one("POST", INVALIDATE, params={"token": token})


def test_a_management_token_can_be_invalidated_too(one: TenantOperator) -> None:
    auditor = one.account("view_only_administrator")
    assert auditor("GET", "/roles") == one("GET", "/roles")
    one("POST", INVALIDATE, params={"token": auditor.token})
    time.sleep(HELD)
    assert auditor("GET", "/roles", 401)["status_code"] == 401


def test_a_token_stops_with_its_application(one: TenantOperator) -> None:
    one.key("passing", "passing-app")
    token = mint(one, app="passing-app")["access_token"]
    assert scan_status(one.server, token=token) == 200
    one("DELETE", "/customerapp", params={"app_name": "passing-app", "updated_by": BY})
    time.sleep(HELD)
    assert scan_status(one.server, token=token) == 403


def test_another_tenants_token_and_application_are_not_found(one: TenantOperator, two: TenantOperator) -> None:
    two.key("theirs", "their-app")
    token = mint(two, app="their-app")["access_token"]
    mint(one, 404, app="their-app")
    foreign = one("POST", INVALIDATE, 404, params={"token": token})
    assert foreign == one("POST", INVALIDATE, 404, params={"token": "a.b.c"})
    assert scan_status(one.server, token=token) == 200


@pytest.mark.parametrize("token", ["", "x" * 5000, "\0", "sg_key", "a.b.c", "é"])
def test_what_is_no_token_is_not_found(one: TenantOperator, token: str) -> None:
    assert one("POST", INVALIDATE, 404 if token else 400, params={"token": token})["status_code"] in (400, 404)


@pytest.mark.parametrize(
    ("client", "app"), [("", "default"), (None, "default"), ("c" * 101, "default"), ("c", ""), ("c", None), ("c", 5)]
)
def test_a_malformed_request_is_refused(one: TenantOperator, client: Any, app: Any) -> None:
    assert mint(one, 400, client=client, app=app)["status_code"] == 400


def test_an_invalidated_token_and_a_deleted_key_stop_on_every_worker(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--workers", "2") as server:
        token = access_token(server, server.bootstrap["client_id"], server.bootstrap["client_secret"])
        operator = Operator(server, token)
        minted = mint(operator)["access_token"]
        for credential in ({"token": minted}, {"key": server.key}):
            assert {scan_status(server, **credential) for _ in range(12)} == {200}
        operator("POST", INVALIDATE, params={"token": minted})
        operator("DELETE", "/apikey/delete/default", params={"updated_by": BY})
        time.sleep(HELD)
        for credential in ({"token": minted}, {"key": server.key}):
            assert {scan_status(server, **credential) for _ in range(12)} == {403}
        operator.close()
