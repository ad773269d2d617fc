"""Applications and sessions: the figures are those of the scans that were made."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.live import LiveServer
from tests.records.conftest import ATTACK, CARD, Tenant, new_tenant

APPS = "/dashboard/v2/apps"
SESSIONS = "/dashboard/v2/sessions"


@pytest.fixture(scope="module")
def busy(live: LiveServer, _within_an_hour: None) -> tuple[Tenant, dict[str, Any]]:
    """Two names of one application, three sessions, four threats in six scans; and a refused request."""
    tenant = new_tenant(live, "busy")
    chat: dict[str, Any] = {"metadata": {"app_name": "chat", "app_user": "alice", "user_ip": "10.0.0.1", "ai_model": "m"}}
    scans = {
        "quiet": tenant.scan("hello", session_id="s-1", **chat),
        "attack": tenant.scan(ATTACK, session_id="s-1", **chat),
        "card": tenant.scan(CARD, side="response", session_id="s-2", **chat),
        "both": tenant.scan(f"{ATTACK} {CARD}", session_id="s-2", **chat),
        "plain": tenant.scan("good morning", session_id="s-3", **chat),
    }
    tenant.scan(ATTACK, session_id="s-1", metadata={"app_name": "other"})
    tenant.try_scan("x", profile="missing", **chat)
    return tenant, scans


def app(tenant: Tenant, name: str = "chat") -> dict[str, str]:
    return {"appid": tenant.application_id, "appname": name}


@pytest.fixture(scope="module", autouse=True)
def _within_an_hour() -> None:
    """Buckets begin on full hours: what is scanned and looked at in one is in the last of them."""
    left = 3600 - time.time() % 3600
    if left < 60:
        time.sleep(left + 1)


def test_overview_of_applications(busy: tuple[Tenant, dict[str, Any]]) -> None:
    tenant, _ = busy
    found = tenant.get(f"{APPS}/applicationsoverview")
    assert found["pagination"] == {"limit": 25, "skip": 0, "total_items": 2}
    counts = [(i["id"], i["name"], i["sessions_total"], i["sessions_violated"], i["cloud"]) for i in found["items"]]
    assert counts == [(tenant.application_id, "chat", 3, 2, "aws"), (tenant.application_id, "other", 1, 1, "aws")]
    buckets = found["items"][0]["sessions"]
    assert len(buckets) == 30
    assert (buckets[-1]["total"], buckets[-1]["violated"], buckets[0]["total"]) == (3, 2, 0)
    page = tenant.get(f"{APPS}/applicationsoverview", limit=1, offset=1)
    assert [item["name"] for item in page["items"]] == ["other"] and page["pagination"]["total_items"] == 2


def test_one_application(busy: tuple[Tenant, dict[str, Any]]) -> None:
    tenant, _ = busy
    found = tenant.get(f"{APPS}/application", **app(tenant), time_interval=1, time_unit="day")
    tokens = sum(-(-len(text) // 4) for text in ("hello", ATTACK, CARD, f"{ATTACK} {CARD}", "good morning"))
    assert found["token_stats"] == {
        "average_daily_tokens": tokens,
        "average_daily_tokens_scale": "",
        "monthly_total_tokens": tokens,
        "monthly_total_tokens_scale": "",
    }
    assert (found["session_stats"]["total"], found["session_stats"]["violating"]) == (3, 2)
    assert found["session_stats"]["last_session_id"] == "s-3"
    assert found["profiles"] == ["watch"]


def test_violations_by_detector(busy: tuple[Tenant, dict[str, Any]]) -> None:
    tenant, _ = busy
    found = tenant.get(f"{APPS}/applicationviolationbreakdown", **app(tenant))
    by_type = {e["detection_type"]: e["violation_breakdown"] for e in found["detection_type_violation_breakdown"]}
    assert len(by_type) == 10 and found["total_violating"] == 3
    assert by_type["pi"] == {"critical": 0, "high": 2, "medium": 0, "low": 0, "total": 2}
    assert by_type["dlp"]["total"] == 2 and by_type["uf"]["total"] == 0


def test_top_applications_trend_and_list(busy: tuple[Tenant, dict[str, Any]]) -> None:
    tenant, _ = busy
    top = tenant.get(f"{APPS}/topapplicationsviolations")["applications"]
    assert [(a["name"], a["total_violations"]) for a in top] == [("chat", 4), ("other", 1)]
    assert top[0]["policy_violations"] == [{"detection_type": "pi", "total": 2}, {"detection_type": "dlp", "total": 2}]
    trend = tenant.get(f"{APPS}/applicationsviolationstrend")["violations"]
    assert (len(trend), trend[-1]["violation_breakdown"]["total"], trend[0]["violation_breakdown"]["total"]) == (24, 5, 0)
    names = tenant.get(f"{APPS}/appslist")["applications"]
    assert [name["application_name"] for name in names] == ["chat", "other"]


def test_sessions_chart_and_overview(busy: tuple[Tenant, dict[str, Any]]) -> None:
    tenant, _ = busy
    chart = tenant.get(f"{SESSIONS}/sessionschart")
    last = chart["buckets"][-1]
    assert (chart["bucket_size_seconds"], len(chart["buckets"]), last["total"], last["violating"]) == (3600, 24, 4, 3)
    assert {e["detection_type"]: e["violation_breakdown"]["total"] for e in last["detection_type_violation_breakdown"]} == {
        "pi": 3,
        "dlp": 2,
    }
    overview = tenant.get(f"{SESSIONS}/sessionsoverview")
    shown = [(i["application_name"], i["session_id"], i["violation_status"]) for i in overview["items"]]
    assert shown == [
        ("other", "s-1", "violated"),
        ("chat", "s-3", "clean"),
        ("chat", "s-2", "violated"),
        ("chat", "s-1", "violated"),
    ]
    assert overview["pagination"]["total_items"] == 4
    assert overview["items"][2]["violation_breakdown"]["total"] == 3
    page = tenant.get(f"{SESSIONS}/sessionsoverview", limit=2, offset=1)
    assert [item["session_id"] for item in page["items"]] == ["s-3", "s-2"]


def test_a_session_and_its_transactions(busy: tuple[Tenant, dict[str, Any]]) -> None:
    tenant, scans = busy
    names = {"session_id": "s-1", "app_id": tenant.application_id, "app_name": "chat"}
    found = tenant.get(f"{SESSIONS}/session", **names)
    assert [action["scan_id"] for action in found["session_actions"]] == [scans["quiet"]["scan_id"], scans["attack"]["scan_id"]]
    assert [(a["status"], a["kind"]) for a in found["session_actions"]] == [("allow", ["prompt"]), ("block", ["prompt"])]
    assert (found["id"], found["violation_status"], found["pagination"]["total_items"]) == ("s-1", "violated", 2)
    page = tenant.get(f"{SESSIONS}/session", **names, limit=1, offset=1)
    assert [action["scan_id"] for action in page["session_actions"]] == [scans["attack"]["scan_id"]]
    one = tenant.get(f"{SESSIONS}/sessiontransaction", **names, scan_id=scans["attack"]["scan_id"], scan_sub_req_id=0)
    assert (one["tokens"], one["timeout"], one["transaction_id"]) == (
        -(-len(ATTACK) // 4),
        False,
        scans["attack"]["transaction_id"],
    )
    assert one["attributes"] == {
        "environment": "prod",
        "model_name": "m",
        "profile": "watch",
        "text_records": 1,
        "user_id": "alice",
        "user_ip": "10.0.0.1",
    }


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        (f"{APPS}/applicationsoverview", {"time_interval": 2, "time_unit": "days"}, 400),
        (f"{APPS}/application", {"appid": "x"}, 400),
        (f"{SESSIONS}/session", {"session_id": "s-9", "app_id": "x", "app_name": "chat"}, 404),
        (f"{SESSIONS}/sessiontransaction", {"session_id": "s-1", "app_id": "x", "app_name": "c", "scan_id": "x"}, 404),
    ],
)
def test_what_cannot_be_shown(busy: tuple[Tenant, dict[str, Any]], path: str, params: dict[str, Any], status: int) -> None:
    with busy[0].operator() as client:
        assert client.get(path, params=params).status_code == status


def test_everything_is_empty_for_another_tenant(tenant: Tenant) -> None:
    assert tenant.get(f"{APPS}/applicationsoverview")["items"] == []
    assert tenant.get(f"{APPS}/topapplicationsviolations")["applications"] == []
    assert tenant.get(f"{APPS}/appslist")["applications"] == []
    assert tenant.get(f"{SESSIONS}/sessionsoverview")["items"] == []
    assert {bucket["total"] for bucket in tenant.get(f"{SESSIONS}/sessionschart")["buckets"]} == {0}
