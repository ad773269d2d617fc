"""The scan log against a live server: what was scanned is in it, once, and only for its tenant."""

from __future__ import annotations

from typing import Any

import pytest
from tests.live import ASYNC, SYNC, LiveServer
from tests.records.conftest import ATTACK, Tenant, new_tenant

METADATA = {
    "app_name": "Chat \N{SNOWMAN}",
    "app_user": "alice",
    "ai_model": "gpt-x",
    "user_ip": "10.1.2.3",
    "agent_meta": {"agent_id": "a-1", "agent_version": "2", "agent_arn": "arn:x"},
}


def test_an_entry_says_who_what_and_how(tenant: Tenant) -> None:
    scan = tenant.scan(ATTACK, metadata=METADATA, session_id="s-1", transaction_id="t-1")
    (entry,) = tenant.entries()
    assert scan["action"] == "block"
    expected = {
        "tsg_id": tenant.tsg_id,
        "scan_id": scan["scan_id"],
        "report_id": scan["report_id"],
        "scan_sub_req_id": 0,
        "api_key_name": "tenant-key",
        "app_name": METADATA["app_name"],
        "application_id": tenant.application_id,
        "transaction_id": "t-1",
        "session_id": "s-1",
        "profile_id": scan["profile_id"],
        "profile_name": "watch",
        "profile_revision": 1,
        "model_name": "gpt-x",
        "user": "alice",
        "user_ip": "10.1.2.3",
        "agent_id": "a-1",
        "agent_version": "2",
        "agent_arn": "arn:x",
        "agent_framework": "AWS_Agent_Builder",
        "environment": "prod",
        "cloud_provider": "aws",
        "verdict": "malicious",
        "action": "block",
        "status": "complete",
        "is_prompt": True,
        "is_response": False,
        "pi_final_verdict": "malicious",
        "prompt_pi_verdict": "malicious",
        "prompt_pi_action": "block",
        "dlp_final_verdict": "benign",
        "prompt_dlp_action": "allow",
        "prompt_verdict": "malicious",
        "tokens": -(-len(ATTACK) // 4),
        "text_records": 1,
        "is_sync": True,
        "content_masked": False,
        "severities": {"critical": 0, "high": 1, "medium": 0, "low": 0},
    }
    assert {name: entry.get(name) for name in expected} == expected
    assert entry["received_ts"] == scan["created_at"] and entry["completed_ts"] == scan["completed_at"]
    assert not [name for name in entry if name.startswith(("response_", "tc_"))]


def test_tokens_are_rounded_up_per_item_over_all_that_is_scanned(tenant: Tenant) -> None:
    body = {"contents": [{"prompt": "history"}, {"prompt": "12345", "response": "\N{SNOWMAN}234", "context": "x" * 99}]}
    with tenant.server.client(tenant.key) as client:
        assert client.post(SYNC, json={**body, "ai_profile": {"profile_name": "watch"}}).status_code == 200
    (entry,) = tenant.entries()
    assert (entry["tokens"], entry["is_prompt"], entry["is_response"]) == (3, True, True)


def test_a_scan_without_metadata_has_the_name_of_its_application(tenant: Tenant) -> None:
    tenant.scan()
    (entry,) = tenant.entries()
    assert (entry["app_name"], entry["user"], entry["verdict"]) == ("tenant-app", "", "benign")


def test_items_of_a_batch_are_logged_once_each_when_they_are_done(tenant: Tenant) -> None:
    scan_id = tenant.scan_later("one", ATTACK, metadata=METADATA)
    entries = sorted(tenant.entries(), key=lambda entry: entry["scan_sub_req_id"])
    assert [(e["scan_id"], e["scan_sub_req_id"], e["item"], e["verdict"]) for e in entries] == [
        (scan_id, 7, 0, "benign"),
        (scan_id, 8, 1, "malicious"),
    ]
    assert {e["is_sync"] for e in entries} == {False} and {e["agent_framework"] for e in entries} == {"AWS_Agent_Builder"}
    assert {e["app_name"] for e in entries} == {METADATA["app_name"]}


def test_counts_are_of_the_window_whatever_the_filter(tenant: Tenant) -> None:
    tenant.scan("x" * 1001)
    tenant.scan(ATTACK)
    tenant.try_scan("hello", profile="nothing of that name")
    verdicts = {name: [e["verdict"] for e in tenant.entries(filter=name)] for name in ("all", "benign", "threat")}
    assert verdicts == {"all": ["rejected", "malicious", "benign"], "benign": ["benign"], "threat": ["malicious"]}
    counts = tenant.logs(filter="threat")["scan_result_for_dashboard"]
    del counts["scan_result_entries"]
    assert counts == {
        "text_records_count": 3,
        "api_calls_count": 3,
        "threats_count": 1,
        "all_transactions_count": 2,
        "benign_transaction_count": 1,
    }


@pytest.mark.parametrize(
    ("path", "send", "reason"),
    [
        (SYNC, {"json": {"contents": []}}, "request_invalid"),
        (SYNC, {"json": {"contents": [{"prompt": "x"}], "ai_profile": {"profile_name": "none"}}}, "profile_invalid"),
        (SYNC, {"content": b"SECRET-CANARY", "headers": {"content-type": "text/plain"}}, "media_type"),
        (SYNC, {"content": b"{" * 3_000_000, "headers": {"content-type": "application/json"}}, "request_too_large"),
        (ASYNC, {"json": []}, "request_invalid"),
    ],
)
def test_refused_requests_are_logged_by_their_reason_alone(tenant: Tenant, path: str, send: dict[str, Any], reason: str) -> None:
    with tenant.server.client(tenant.key) as client:
        assert client.post(path, **send).status_code >= 400
    (entry,) = tenant.entries()
    assert (entry["status"], entry["reason"], entry["is_sync"], entry["scan_id"]) == ("rejected", reason, path == SYNC, "")
    assert "CANARY" not in str(entry)


def test_pages_by_token_are_whole_and_stay_where_they_are(tenant: Tenant) -> None:
    expected = [tenant.scan(f"text {number}")["scan_id"] for number in range(7)][::-1]
    page = tenant.logs(pageSize=3)
    found = [entry["scan_id"] for entry in page["scan_result_for_dashboard"]["scan_result_entries"]]
    assert (page["total_pages"], page["page_number"], page["page_size"]) == (3, 1, 3)
    while "page_token" in page:
        tenant.scan("comes in meanwhile")
        page = tenant.logs(page["page_token"], pageSize=3)
        found += [entry["scan_id"] for entry in page["scan_result_for_dashboard"]["scan_result_entries"]]
    assert found == expected


def test_pages_by_number(tenant: Tenant) -> None:
    expected = [tenant.scan(f"text {number}")["scan_id"] for number in range(5)][::-1]
    pages = [[entry["scan_id"] for entry in tenant.entries(pageSize=2, pageNumber=number)] for number in (1, 2, 3, 4)]
    assert pages == [expected[:2], expected[2:4], expected[4:], []]


@pytest.mark.parametrize(
    "query",
    [
        {"time_interval": 2},
        {"time_interval": 24},
        {"time_unit": "fortnight"},
        {"filter": "some"},
        {"pageSize": 0},
        {"pageSize": 1001},
        {"pageNumber": 0},
    ],
)
def test_queries_that_make_no_sense_are_refused(tenant: Tenant, query: dict[str, Any]) -> None:
    base = {"time_interval": 1, "time_unit": "day", "pageNumber": 1, "pageSize": 10, "filter": "all"}
    with tenant.operator() as client:
        answer = client.post("/scanlogs", params=base | query)
    assert answer.status_code == 400 and answer.json()["status_code"] == 400


@pytest.mark.parametrize(("interval", "unit"), [(1, "hour"), (24, "hours"), (1, "day"), (7, "days"), (30, "days"), (60, "days")])
def test_windows_that_clients_ask_for(tenant: Tenant, interval: int, unit: str) -> None:
    tenant.scan()
    assert len(tenant.entries(time_interval=interval, time_unit=unit)) == 1


@pytest.mark.parametrize("token", ["x", "!!!", "MS4y", "LTEuMS4x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjEuMQ=="])
def test_a_token_of_somebody_elses_making_is_refused(tenant: Tenant, token: str) -> None:
    with tenant.operator() as client:
        answer = client.post("/scanlogs", json={"page_token": token})
    assert answer.status_code == 400


def test_two_tenants_see_nothing_of_each_other(live: LiveServer) -> None:
    one, two = new_tenant(live, "one"), new_tenant(live, "two")
    first = one.scan(ATTACK, session_id="shared", metadata={"app_name": "same"})
    second = two.scan("hello", session_id="shared", metadata={"app_name": "same"})
    assert [entry["scan_id"] for entry in one.entries()] == [first["scan_id"]]
    assert [entry["scan_id"] for entry in two.entries()] == [second["scan_id"]]
    names = {"app_id": one.application_id, "app_name": "same", "session_id": "shared"}
    with two.operator() as client:
        for path, params in (
            ("/dashboard/v2/sessions/session", names),
            ("/dashboard/v2/sessions/sessiontransaction", {**names, "scan_id": first["scan_id"]}),
            ("/reports/scancontent", {"scan_id": first["scan_id"]}),
        ):
            assert client.get(path, params=params).status_code == 404, path
        token = one.logs(pageSize=1).get("page_token")
        assert token is None
        detail = client.get("/dashboard/v2/apps/application", params={"appid": one.application_id, "appname": "same"}).json()
        assert (detail["session_stats"]["total"], detail["created_at"], detail["cloud"]) == (0, None, "")


def test_without_a_token_or_a_permission_there_is_nothing(tenant: Tenant) -> None:
    with tenant.server.client("") as client:
        assert client.post("/v1/mgmt/scanlogs").status_code == 401
    with tenant.operator(tenant.viewer_id) as viewer:
        assert viewer.post("/scanlogs").status_code == 200
        assert viewer.put("/scanlogs/settings", json={"retention_days": 1}).status_code == 403
