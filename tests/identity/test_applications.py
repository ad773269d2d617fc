"""Applications, deployment profiles and data profiles on the management plane."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.identity.tenants import BY, TenantOperator, scan_status
from tests.live import SYNC

HELD = 1.0
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def update(tenant: TenantOperator, app: dict[str, Any], expected: int = 200, **changes: Any) -> Any:
    wanted = {name: app[name] for name in ("app_name", "cloud_provider", "environment")} | changes
    return tenant("PUT", "/customerapp", expected, params={"customer_app_id": app["customer_appId"]}, json=wanted)


def application(tenant: TenantOperator, name: str) -> dict[str, Any]:
    document: dict[str, Any] = tenant("GET", "/customerapp", params={"app_name": name})
    return document


def test_the_list_says_which_keys_an_application_has(one: TenantOperator) -> None:
    key = one.key("listed", "listed-app")
    for path in ("/customerapps", f"/customerapp/tsg/{one.tsg_id}"):
        found = {app["app_name"]: app for app in one("GET", path)["customer_apps"]}
        assert set(found) >= {"default", "listed-app"}
        assert found["listed-app"] == application(one, "listed-app")
        assert found["listed-app"]["api_keys_dp_info"] == [
            {"api_key_name": "listed", "dp_name": key["dp_name"], "auth_code": key["auth_code"]}
        ]
        assert found["default"]["ai_sec_profile_name"] == "default"
        assert all(app["tsg_id"] == one.tsg_id for app in found.values())


def test_an_update_replaces_what_is_required_and_keeps_what_is_absent(one: TenantOperator) -> None:
    one.key("updated", "before", cust_ai_agent_framework="Microsoft_copilot_studio")
    app = application(one, "before")
    changed = update(
        one, app, app_name="after", cloud_provider="GCP", environment="staging", model_name="m-1", updated_by=BY,
        ai_sec_profile_name="monitor", auth_code=app["auth_code"],
    )  # fmt: skip
    assert changed == application(one, "after")
    assert changed["customer_appId"] == app["customer_appId"] and changed["status"] == "completed"
    assert (changed["cloud_provider"], changed["environment"], changed["model_name"]) == ("GCP", "staging", "m-1")
    assert (changed["ai_agent_framework"], changed["updated_by"]) == ("Microsoft_copilot_studio", BY)
    again = update(one, changed, ai_agent_framework="")
    assert again["ai_sec_profile_name"] == "monitor" and again["model_name"] == "m-1"
    assert "ai_agent_framework" not in again and again["agent_app"] is False
    one("GET", "/customerapp", 404, params={"app_name": "before"})
    log = one("GET", "/auditlogs", params={"limit": 5})["audit_log"]
    assert log[1]["before"]["app_name"] == "before" and log[1]["after"]["app_name"] == "after"


def test_the_linked_profile_is_that_of_scans_that_name_none(one: TenantOperator) -> None:
    key = one.key("linked", "linked-app")["api_key"]
    body, headers = {"contents": [{"prompt": "Hello"}]}, {"x-pan-token": key}

    def scanned() -> httpx.Response:
        return httpx.post(one.server.http_url + SYNC, json=body, headers=headers, timeout=60, trust_env=False)

    assert scanned().status_code == 400
    update(one, application(one, "linked-app"), ai_sec_profile_name="monitor")
    time.sleep(HELD)
    assert scanned().json()["profile_name"] == "monitor"
    update(one, application(one, "linked-app"), ai_sec_profile_name="")
    time.sleep(HELD)
    assert scanned().status_code == 400


def test_a_pending_application_scans_no_more_until_it_is_completed(one: TenantOperator) -> None:
    key = one.key("pending", "pending-app")["api_key"]
    app = application(one, "pending-app")
    assert scan_status(one.server, key=key) == 200
    assert update(one, app, status="pending")["status"] == "pending"
    time.sleep(HELD)
    assert scan_status(one.server, key=key) == 403
    update(one, app, status="completed")
    time.sleep(HELD)
    assert scan_status(one.server, key=key) == 200


def test_an_application_moves_where_its_keys_have_room(one: TenantOperator, two: TenantOperator) -> None:
    one.key("moving", "moving-app")
    app, empty, full = application(one, "moving-app"), one.deployment(), one.key("staying", "staying-app")["auth_code"]
    assert update(one, app, 409, auth_code=full)["payload"][0]["auth_code"] == full
    update(one, app, 404, auth_code=two.tenant.auth_code)
    assert update(one, app, auth_code=empty)["auth_code"] == empty
    keys = {key["api_key_name"]: key["auth_code"] for key in one("GET", "/apikeys")["api_keys"]}
    assert keys["moving"] == empty


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"app_name": ""}, 400),
        ({"app_name": None}, 400),
        ({"app_name": "n" * 101}, 400),
        ({"app_name": "tab\tbed"}, 400),
        ({"cloud_provider": None}, 400),
        ({"environment": 5}, 400),
        ({"status": "unheard-of"}, 400),
        ({"auth_code": "D0"}, 404),
        ({"ai_sec_profile_name": "no-such-profile"}, 404),
        ({"app_name": "default"}, 409),
    ],
)
def test_what_an_application_cannot_be(one: TenantOperator, changes: dict[str, Any], status: int) -> None:
    app = next((app for app in one("GET", "/customerapps")["customer_apps"] if app["app_name"] != "default"), None)
    app = app or application(one, one.key("bad-update", "bad-update")["cust_app"])
    assert update(one, app, status, **changes)["status_code"] == status
    assert application(one, app["app_name"]) == app


def test_a_deleted_application_takes_its_keys_with_it(one: TenantOperator) -> None:
    key = one.key("orphan", "doomed")
    assert scan_status(one.server, key=key["api_key"]) == 200
    answer = one("DELETE", "/customerapp", params={"app_name": "doomed", "updated_by": BY})
    assert answer == "successfully deleted customer app: doomed"
    time.sleep(HELD)
    assert scan_status(one.server, key=key["api_key"]) == 403
    assert "orphan" not in one.names("/apikeys", "api_keys", "api_key_name")
    one("DELETE", "/customerapp", 404, params={"app_name": "doomed", "updated_by": BY})
    one.key("orphan", "doomed", auth_code=key["auth_code"])


def test_another_tenants_applications_cannot_be_seen_or_changed(one: TenantOperator, two: TenantOperator) -> None:
    two.key("private", "private-app")
    theirs = application(two, "private-app")
    one("GET", "/customerapp", 404, params={"app_name": "private-app"})
    one("GET", f"/customerapp/tsg/{two.tsg_id}", 404)
    update(one, theirs, 404)
    one("DELETE", "/customerapp", 404, params={"app_name": "private-app", "updated_by": BY})
    assert "private-app" not in one.names("/customerapps", "customer_apps", "app_name")
    assert application(two, "private-app") == theirs


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [
        ("GET", {}, 400),
        ("GET", {"app_name": ""}, 400),
        ("GET", {"app_name": "\0"}, 404),
        ("PUT", {}, 400),
        ("PUT", {"customer_app_id": UNKNOWN}, 404),
        ("PUT", {"customer_app_id": "\0"}, 404),
        ("DELETE", {"app_name": "default"}, 400),
        ("DELETE", {"updated_by": BY}, 400),
    ],
)
def test_a_query_that_names_nothing(one: TenantOperator, method: str, params: dict[str, str], status: int) -> None:
    body = {"app_name": "x", "cloud_provider": "x", "environment": "x"} if method == "PUT" else None
    assert one(method, "/customerapp", status, params=params, json=body)["status_code"] == status


def test_deployment_profiles_and_which_are_unactivated(two: TenantOperator) -> None:
    free, expired = two.deployment(), two.deployment(expires_at=datetime.now(UTC) - timedelta(hours=1))
    document = two("GET", "/deploymentprofiles")
    found = {entry["auth_code"]: entry for entry in document["deployment_profiles"]}
    assert document["status"] == "success" and two.tenant.auth_code in found
    assert {entry["tsg_id"] for entry in found.values()} == {two.tsg_id}
    states = [found[code]["status"] for code in (two.tenant.auth_code, free, expired)]
    assert states == ["activated", "unactivated", "expired"]
    assert "expiration_date" in found[expired] and "expiration_date" not in found[free]
    listed = two("GET", "/deploymentprofiles", params={"unactivated": "true"})["deployment_profiles"]
    assert {entry["auth_code"] for entry in listed} >= {free, expired}
    assert two.tenant.auth_code not in {entry["auth_code"] for entry in listed}
    two.key("activating", "activating-app", auth_code=free)
    listed = two("GET", "/deploymentprofiles", params={"unactivated": "true"})["deployment_profiles"]
    assert free not in {entry["auth_code"] for entry in listed}
    two("GET", "/deploymentprofiles", 400, params={"unactivated": "perhaps"})


def test_data_profiles_can_be_named_in_a_security_profile(one: TenantOperator) -> None:
    found = one("GET", "/dlpprofiles")["dlp_profiles"]
    names = [entry["name"] for entry in found]
    assert "Sensitive Content" in names and len({entry["uuid"] for entry in found}) == len(found) > 5
    assert all(isinstance(entry[field], str) for entry in found for field in ("name", "uuid", "id", "version"))
    from scangate.detectors.sensitive_data.data_profiles import find_profile
    from scangate.domain.profile import DlpMember

    for entry in found:
        for identity in (entry["id"], entry["uuid"]):
            member = DlpMember(text=entry["name"], id=identity, version=entry["version"])
            assert (profile := find_profile(member)) is not None and profile.name == entry["name"]
