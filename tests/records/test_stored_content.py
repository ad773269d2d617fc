"""Content beside the log: none by default, masked or full as the tenant says, and a profile may insist on masking."""

from __future__ import annotations

from typing import Any

import pytest
from tests.live import SYNC
from tests.records.conftest import CARD, Tenant

MASKED = CARD.replace("4111 1111 1111 1111", "X" * 19)


def keep(tenant: Tenant, **settings: Any) -> dict[str, Any]:
    with tenant.operator() as client:
        answer = client.put("/scanlogs/settings", json=settings)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def stored(tenant: Tenant, scan: dict[str, Any] | str, req_id: int = 0) -> dict[str, Any] | None:
    scan_id = scan if isinstance(scan, str) else scan["scan_id"]
    report = tenant.get("/reports/scancontent", scan_id=scan_id, scan_sub_req_id=req_id)
    assert (report["scan_id"], report["report_id"], report["sub_scan_req_id"]) == (scan_id, f"R{scan_id}", req_id)
    contents: dict[str, Any] | None = report["scan_contents"]
    return contents


def test_nothing_is_stored_unless_the_tenant_says_so(tenant: Tenant) -> None:
    assert tenant.get("/scanlogs/settings") == {"content_storage": "none", "retention_days": 90}
    assert stored(tenant, tenant.scan(CARD)) is None


@pytest.mark.parametrize(
    ("storage", "profile", "text"),
    [("full", "watch", CARD), ("full", "masked", MASKED), ("masked", "watch", MASKED), ("none", "masked", None)],
)
def test_storage_of_the_tenant_and_masking_of_the_profile(tenant: Tenant, storage: str, profile: str, text: str | None) -> None:
    assert keep(tenant, content_storage=storage)["content_storage"] == storage
    contents = stored(tenant, tenant.scan(CARD, profile=profile))
    assert contents == (None if text is None else {"masked": text == MASKED, "prompt": text})


def test_every_kind_of_content_is_stored_under_its_own_name(tenant: Tenant) -> None:
    keep(tenant, content_storage="full")
    event = {
        "metadata": {"ecosystem": "mcp", "method": "tools/call", "server_name": "s"},
        "input": '{"a": 1}',
        "output": '{"b": 2}',
    }
    contents = {"prompt": "p", "response": "r", "code_prompt": "c = 1", "code_response": "d = 2", "tool_event": event}
    with tenant.server.client(tenant.key) as client:
        scan = client.post(SYNC, json={"ai_profile": {"profile_name": "watch"}, "contents": [contents]}).json()
    assert stored(tenant, scan) == {
        "masked": False, "prompt": "p", "response": "r", "code_prompt": "c = 1", "code_response": "d = 2",
        "tool_input": '{"a": 1}', "tool_output": '{"b": 2}',
    }  # fmt: skip


def test_items_of_a_batch(tenant: Tenant) -> None:
    keep(tenant, content_storage="masked")
    scan_id = tenant.scan_later("first", CARD)
    assert stored(tenant, scan_id, 7) == {"masked": True, "prompt": "first"}
    assert stored(tenant, scan_id, 8) == {"masked": True, "prompt": MASKED}


def test_changes_and_reading_of_content_are_audited(tenant: Tenant) -> None:
    keep(tenant, content_storage="full")
    keep(tenant, retention_days=5)
    stored(tenant, tenant.scan(CARD))
    entries = [entry for entry in tenant.get("/auditlogs")["audit_log"] if entry["entity"] == "airs_api.scan_log"]
    assert [entry["action"] for entry in entries] == ["read", "update", "update"]
    assert (entries[1]["before"]["retention_days"], entries[1]["after"]["retention_days"]) == (90, 5)
    assert entries[1]["after"]["content_storage"] == "full"
    assert "4111" not in str(entries)


@pytest.mark.parametrize("settings", [{"retention_days": 0}, {"retention_days": 4000}, {"content_storage": "some"}, {"days": 1}])
def test_settings_that_make_no_sense_are_refused(tenant: Tenant, settings: dict[str, Any]) -> None:
    with tenant.operator() as client:
        assert client.put("/scanlogs/settings", json=settings).status_code == 400
