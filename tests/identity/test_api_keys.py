"""API keys on the management plane, and what they open on the scan plane."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.identity.tenants import BY, TenantOperator, scan_status

HELD = 1.0
"""Seconds after which a key that was taken away must have stopped everywhere."""


def test_a_new_key_scans_and_is_shown_once(one: TenantOperator) -> None:
    created = one.key("first", "shop")
    secret = created["api_key"]
    assert created["api_key_last8"] == secret[-8:] and len(secret) > 40
    assert (created["status"], created["revoked"], created["tsg_id"]) == ("active", False, one.tsg_id)
    assert (created["cust_app"], created["cust_env"], created["cust_cloud_provider"]) == ("shop", "production", "AWS")
    assert created["created_by"] == BY
    assert scan_status(one.server, key=secret) == 200
    listed = one("GET", "/apikeys")
    (entry,) = [key for key in listed["api_keys"] if key["api_key_id"] == created["api_key_id"]]
    assert "api_key" not in entry and secret not in str(listed)
    assert entry == {name: value for name, value in created.items() if name != "api_key"}
    assert None not in entry.values()


def test_an_unknown_application_is_created_with_its_key(one: TenantOperator) -> None:
    created = one.key("agent-key", "agent", cust_ai_agent_framework="AWS_Agent_Builder")
    application = one("GET", "/customerapp", params={"app_name": "agent"})
    assert application["customer_appId"] == created["customer_appId"]
    assert application["ai_agent_framework"] == "AWS_Agent_Builder" and application["agent_app"] is True
    assert application["api_keys_dp_info"] == [
        {"api_key_name": "agent-key", "dp_name": created["dp_name"], "auth_code": created["auth_code"]}
    ]


@pytest.mark.parametrize(
    ("interval", "unit", "shortest", "longest"),
    [(5, "hours", 5 / 24, 5 / 24), (10, "Days", 10, 10), (1, "day", 1, 1), (2, "months", 59, 62)],
)
def test_rotation_sets_the_expiration(one: TenantOperator, interval: int, unit: str, shortest: float, longest: float) -> None:
    created = one.key(f"r-{interval}-{unit}", f"rotating-{unit}", rotation_time_interval=interval, rotation_time_unit=unit)
    left = datetime.fromisoformat(created["expiration"]) - datetime.now(UTC)
    assert timedelta(days=shortest, minutes=-2) < left < timedelta(days=longest, minutes=2)
    assert created["rotation_time_interval"] == interval
    assert created["rotation_time_unit"] in ("hours", "days", "months")


def test_a_regenerated_key_replaces_the_old_one_within_a_second(one: TenantOperator) -> None:
    created = one.key("rotated", "rotated-app")
    assert scan_status(one.server, key=created["api_key"]) == 200
    wanted = {"rotation_time_interval": 6, "rotation_time_unit": "hours", "updated_by": BY}
    renewed = one("POST", f"/apikey/regenerate/{created['api_key_id']}", json=wanted)
    assert renewed["api_key"] != created["api_key"] and renewed["api_key_last8"] == renewed["api_key"][-8:]
    assert (renewed["api_key_id"], renewed["api_key_name"]) == (created["api_key_id"], "rotated")
    assert renewed["expiration"] < created["expiration"] and renewed["updated_by"] == BY
    time.sleep(HELD)
    assert scan_status(one.server, key=created["api_key"]) == 403
    assert scan_status(one.server, key=renewed["api_key"]) == 200


def test_a_deleted_key_stops_and_takes_its_application_with_it(one: TenantOperator) -> None:
    created = one.key("short/lived?", "short-lived-app")
    assert scan_status(one.server, key=created["api_key"]) == 200
    answer = one("DELETE", "/apikey/delete/short%2Flived%3F", params={"updated_by": BY})
    assert answer == "successfully deleted API key: short/lived? and customer app: short-lived-app"
    time.sleep(HELD)
    assert scan_status(one.server, key=created["api_key"]) == 403
    assert "short/lived?" not in one.names("/apikeys", "api_keys", "api_key_name")
    one("GET", "/customerapp", 404, params={"app_name": "short-lived-app"})
    one("DELETE", "/apikey/delete/short%2Flived%3F", 404, params={"updated_by": BY})


def test_a_deployment_profile_has_one_live_key(one: TenantOperator) -> None:
    auth_code = one.deployment()
    first = one.key("only", "busy", auth_code=auth_code)
    refused = one("POST", "/apikey", 409, json=one.wanted("second", "busy-2", auth_code=auth_code))
    assert refused["status_code"] == 409 and refused["payload"][0]["auth_code"] == auth_code
    one("GET", "/customerapp", 404, params={"app_name": "busy-2"})
    one("DELETE", "/apikey/delete/only", params={"updated_by": BY})
    assert one.key("second", "busy", auth_code=auth_code)["customer_appId"] != first["customer_appId"]


def test_the_limit_holds_for_keys_that_are_created_at_once(one: TenantOperator) -> None:
    auth_code = one.deployment()
    wanted = [one.wanted(f"at-once-{number}", f"at-once-{number}", auth_code=auth_code) for number in range(8)]
    with ThreadPoolExecutor(len(wanted)) as pool:
        statuses = sorted(pool.map(lambda document: one.client.post("/apikey", json=document).status_code, wanted))
    assert statuses == [200] + [409] * (len(wanted) - 1)


def test_a_name_is_taken_once(one: TenantOperator, two: TenantOperator) -> None:
    one.key("taken", "taken-app")
    refused = one("POST", "/apikey", 409, json=one.wanted("taken", "other-app"))
    assert refused["payload"][0]["api_key_name"] == "taken"
    two.key("taken", "taken-app")


def test_an_application_stays_in_its_deployment_profile(one: TenantOperator) -> None:
    created = one.key("settled", "settled-app")
    refused = one("POST", "/apikey", 409, json=one.wanted("settled-2", "settled-app"))
    assert refused["payload"][0]["auth_code"] == created["auth_code"]


def test_an_expired_deployment_profile_gets_no_key(one: TenantOperator) -> None:
    expired = one.deployment(expires_at=datetime.now(UTC) - timedelta(days=1))
    assert one("POST", "/apikey", 409, json=one.wanted("late", "late-app", auth_code=expired))["status_code"] == 409
    assert "late" not in one.names("/apikeys", "api_keys", "api_key_name")


def test_an_auth_code_that_is_unknown_or_another_tenants_is_not_found(one: TenantOperator, two: TenantOperator) -> None:
    unknown = one("POST", "/apikey", 404, json=one.wanted("lost", "lost", auth_code="D00000000x"))
    foreign = one("POST", "/apikey", 404, json=one.wanted("lost", "lost", auth_code=two.tenant.auth_code))
    assert unknown == foreign


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("api_key_name", ""),
        ("api_key_name", "   "),
        ("api_key_name", "n" * 32),
        ("api_key_name", "a\u0000b"),
        ("api_key_name", "a\nb"),
        ("api_key_name", None),
        ("api_key_name", 7),
        ("cust_app", "n" * 101),
        ("cust_app", None),
        ("auth_code", ""),
        ("created_by", ""),
        ("created_by", "n" * 101),
        ("rotation_time_interval", 0),
        ("rotation_time_interval", -1),
        ("rotation_time_interval", 2**31),
        ("rotation_time_interval", 2**31 - 1),
        ("rotation_time_interval", "3"),
        ("rotation_time_interval", True),
        ("rotation_time_interval", None),
        ("rotation_time_unit", "fortnights"),
        ("rotation_time_unit", ""),
        ("rotation_time_unit", None),
        ("revoked", True),
        ("cust_env", []),
    ],
)
def test_a_malformed_key_is_refused_and_named(one: TenantOperator, field: str, value: Any) -> None:
    document = one.wanted("malformed", "malformed", auth_code=one.tenant.auth_code) | {field: value}
    refused = one("POST", "/apikey", 400, json=document)
    assert refused["status_code"] == 400
    assert field in refused["error_message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000])
def test_a_body_that_is_no_document_is_refused(one: TenantOperator, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert one("POST", "/apikey", 400, content=body, headers=headers)["status_code"] == 400


def test_optional_fields_may_be_null_and_unknown_ones_are_ignored(one: TenantOperator) -> None:
    nothing = dict.fromkeys(("dp_name", "cust_env", "cust_cloud_provider", "cust_ai_agent_framework"))
    assert one.key("nulls", "nulls", **nothing, something="else")["cust_env"] == ""


@pytest.mark.parametrize(
    ("key_id", "status", "changes"),
    [
        ("00000000-0000-4000-8000-000000000000", 404, {}),
        ("no-uuid", 404, {}),
        ("%00", 404, {}),
        (None, 400, {"rotation_time_interval": 0}),
        (None, 400, {"rotation_time_unit": "years"}),
        (None, 400, {"rotation_time_unit": None}),
    ],
)
def test_what_cannot_be_regenerated(one: TenantOperator, key_id: str | None, status: int, changes: dict[str, Any]) -> None:
    key_id = key_id or one("GET", "/apikeys")["api_keys"][0]["api_key_id"]
    wanted = {"rotation_time_interval": 1, "rotation_time_unit": "days"} | changes
    assert one("POST", f"/apikey/regenerate/{key_id}", status, json=wanted)["status_code"] == status


@pytest.mark.parametrize("query", [{}, {"updated_by": ""}, {"updated_by": " "}, {"updated_by": "n" * 101}])
def test_a_deletion_says_by_whom(one: TenantOperator, query: dict[str, str]) -> None:
    assert one("DELETE", "/apikey/delete/default", 400, params=query)["error_message"].startswith("query.updated_by")


def test_another_tenants_keys_cannot_be_seen_or_changed(one: TenantOperator, two: TenantOperator) -> None:
    theirs = two.key("theirs", "their-app")
    wanted = {"rotation_time_interval": 1, "rotation_time_unit": "days"}
    one("POST", f"/apikey/regenerate/{theirs['api_key_id']}", 404, json=wanted)
    one("DELETE", "/apikey/delete/theirs", 404, params={"updated_by": BY})
    one("GET", f"/apikeys/tsg/{two.tsg_id}", 404)
    assert theirs["api_key_id"] not in one.names("/apikeys", "api_keys", "api_key_id")
    assert scan_status(one.server, key=theirs["api_key"]) == 200


def test_pages_hold_every_key_once(two: TenantOperator) -> None:
    for number in range(4):
        two.key(f"page-{number}", f"page-{number}")
    every = two("GET", f"/apikeys/tsg/{two.tsg_id}", params={"limit": 1000})
    assert every["next_offset"] == 0
    found, offset = [], 0
    for _ in range(len(every["api_keys"])):
        document = two("GET", f"/apikeys/tsg/{two.tsg_id}", params={"offset": offset, "limit": 2})
        found += document["api_keys"]
        offset = document["next_offset"]
        if not offset:
            break
    assert found == every["api_keys"] and len(found) >= 5
    assert two("GET", "/apikeys", params={"offset": 10**6}) == {"api_keys": [], "next_offset": 0}
    two("GET", "/apikeys", 400, params={"limit": 0})
    two("GET", "/apikeys", 400, params={"offset": -1})


def test_every_change_stands_in_the_audit_log_without_the_secret(one: TenantOperator) -> None:
    created = one.key("audited", "audited-app")
    renewed = one(
        "POST", f"/apikey/regenerate/{created['api_key_id']}", json={"rotation_time_interval": 1, "rotation_time_unit": "days"}
    )
    one("DELETE", "/apikey/delete/audited", params={"updated_by": BY})
    log = one("GET", "/auditlogs", params={"limit": 20})["audit_log"]
    mine = [entry for entry in log if entry["entity_id"] == created["api_key_id"]]
    assert [entry["action"] for entry in mine] == ["delete", "update", "create"]
    assert all(entry["actor"] == one.tenant.client_id and entry["remote"] == "127.0.0.1" for entry in mine)
    assert mine[1]["before"]["api_key_last8"] == created["api_key_last8"]
    assert mine[1]["after"]["api_key_last8"] == renewed["api_key_last8"]
    assert mine[0]["before"]["updated_by"] == BY and mine[0]["after"] is None
    assert created["api_key"] not in str(log) and renewed["api_key"] not in str(log)
    assert [entry["action"] for entry in log if entry["entity_id"] == created["customer_appId"]] == ["delete", "create"]
