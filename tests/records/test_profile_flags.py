"""Flags of a profile that reach further than a detector: masked reports, whole conversations, profiles that are switched off."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.live import ASYNC, REPORTS, SYNC
from tests.records.conftest import ATTACK, CARD, Tenant, policy

SECRET = "4111 1111 1111 1111"
CARD_ATTACK = (
    f"{ATTACK} My card is {SECRET}. Visit http://urlfiltering.paloaltonetworks.com/test-malware?card=4111-1111-1111-1111"
)


def put(tenant: Tenant, name: str, document: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Store the next revision of a profile."""
    body = {"profile_name": name, "revision": 1, "policy": document, **fields}
    with tenant.operator() as client:
        answer = client.post("/profile", json=body)
        if answer.status_code == 409:
            answer = client.put(f"/profile/uuid/{answer.json()['payload'][0]['profile_id']}", json=body)
    assert answer.status_code == 200, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def post(tenant: Tenant, profile: str, *contents: dict[str, Any], expected: int = 200) -> dict[str, Any]:
    with tenant.server.client(tenant.key) as client:
        answer = client.post(SYNC, json={"ai_profile": {"profile_name": profile}, "contents": list(contents)})
    assert answer.status_code == expected, answer.text
    document: dict[str, Any] = answer.json()
    return document


def report(tenant: Tenant, scan: dict[str, Any] | str) -> dict[str, dict[str, Any]]:
    """Rows of a report by their service."""
    scan_id = scan if isinstance(scan, str) else scan["scan_id"]
    with tenant.server.client(tenant.key) as client:
        answer = client.get(REPORTS, params={"report_ids": f"R{scan_id}"})
    assert answer.status_code == 200, answer.text
    return {row["detection_service"]: row for row in answer.json()[0]["detection_results"]}


def test_reports_of_a_profile_that_masks_storage_quote_nothing_of_what_was_found(tenant: Tenant) -> None:
    open_rows = report(tenant, tenant.scan(CARD_ATTACK, profile="watch"))
    assert "4111-1111" in json.dumps(open_rows["uf"])
    for scan in (tenant.scan(CARD_ATTACK, profile="masked"), tenant.scan_later(CARD_ATTACK, profile="masked")):
        rows = report(tenant, scan)
        assert {rows[service]["verdict"] for service in ("pi", "dlp", "uf")} == {"malicious"}
        assert "4111" not in json.dumps(rows) and ATTACK in json.dumps(rows["pi"])
        (url,) = {row["url"] for row in rows["uf"]["result_detail"]["urlf_report"]}
        assert url.startswith("http://urlfiltering.paloaltonetworks.com/test-malware?card=X")


def test_snippets_of_the_database_detector_are_masked_too(tenant: Tenant) -> None:
    configuration = {"action": "block", "member": [{"text": "Sensitive Content", "id": "", "version": "2"}]}
    rules = [{"name": "database-security-delete", "action": "block"}]
    data = {"data-leak-detection": configuration, "database-security": rules}
    statement = f"DELETE FROM cards WHERE number = '{SECRET}';"
    for name, masks in (("db-open", False), ("db-masked", True)):
        put(tenant, name, policy(**{"data-protection": data, "mask-data-in-storage": masks}))
        detail = report(tenant, post(tenant, name, {"response": statement}))["dbs"]["result_detail"]
        assert len(detail["dbs_snippets"]) == 1
        assert (SECRET in detail["dbs_snippets"][0]) is not masks and "DELETE FROM cards" in detail["dbs_snippets"][0]


def test_tool_arguments_are_masked_in_such_reports(tenant: Tenant) -> None:
    event = {
        "metadata": {"ecosystem": "mcp", "method": "tools/call", "server_name": "s"},
        "input": json.dumps({"note": ATTACK, "card": SECRET}),
    }
    rows = report(tenant, post(tenant, "masked", {"tool_event": event}))
    assert rows["dlp"]["verdict"] == "malicious" and "4111" not in json.dumps(rows)


def test_whole_conversations_are_inspected_where_the_profile_says_so(tenant: Tenant) -> None:
    put(tenant, "whole", policy(**{"enable-full-conversation-inspection": True}))
    earlier = [{"prompt": ATTACK}, {"response": "I may not."}]
    newest = {"prompt": "What is the capital of France, and what is its best museum for a rainy day?"}
    as_context = post(tenant, "watch", *earlier, newest)
    assert (as_context["category"], as_context["response_detected"]) == ("benign", {})
    whole = post(tenant, "whole", *earlier, newest)
    assert (whole["category"], whole["action"], whole["prompt_detected"]["injection"]) == ("malicious", "block", True)
    assert whole["response_detected"]["dlp"] is False
    assert report(tenant, whole)["pi"]["found_in"] == ["earlier"]
    assert "found_in" not in report(tenant, post(tenant, "watch", {"prompt": ATTACK}))["pi"]
    entry = next(entry for entry in tenant.entries() if entry["scan_id"] == whole["scan_id"])
    characters = len(ATTACK) + len("I may not.") + len(newest["prompt"])
    assert (entry["tokens"], entry["prompt_pi_verdict"]) == (-(-characters // 4), "malicious")


def test_an_earlier_text_is_never_answered_as_the_masked_newest_one(tenant: Tenant) -> None:
    configuration = policy()["ai-security-profiles"][0]["model-configuration"]
    leak = configuration["data-protection"]["data-leak-detection"] | {"mask-data-inline": True}
    document = policy(**{"enable-full-conversation-inspection": True, "data-protection": {"data-leak-detection": leak}})
    put(tenant, "mask-whole", document)
    old = post(tenant, "mask-whole", {"prompt": CARD}, {"prompt": "hello there"})
    assert (old["action"], old["prompt_detected"]["dlp"]) == ("block", True) and "prompt_masked_data" not in old
    both = post(tenant, "mask-whole", {"prompt": CARD}, {"prompt": f"again {SECRET}"})
    assert both["prompt_masked_data"]["data"] == "again " + "X" * 19
    assert report(tenant, both)["dlp"]["found_in"] == ["newest", "earlier"]


def test_an_earlier_tool_event_shows_where_the_newest_element_has_none(tenant: Tenant) -> None:
    put(tenant, "whole-tools", policy(**{"enable-full-conversation-inspection": True}))
    event = {"metadata": {"ecosystem": "mcp", "method": "tools/call", "server_name": "s"}, "output": json.dumps({"card": SECRET})}
    answer = post(tenant, "whole-tools", {"tool_event": event}, {"prompt": "hello there"})
    assert answer["action"] == "block" and answer["tool_detected"]["verdict"] == "malicious"
    assert answer["tool_detected"]["output_detected"]["detection_entries"][0]["detections"]["dlp"] is True


def test_stored_content_of_a_whole_conversation(tenant: Tenant) -> None:
    put(tenant, "kept", policy(**{"enable-full-conversation-inspection": True, "mask-data-in-storage": True}))
    with tenant.operator() as client:
        assert client.put("/scanlogs/settings", json={"content_storage": "full"}).status_code == 200
    scan = post(tenant, "kept", {"prompt": CARD}, {"response": "r"}, {"prompt": "second"}, {"prompt": "newest"})
    contents = tenant.get("/reports/scancontent", scan_id=scan["scan_id"])["scan_contents"]
    masked = CARD.replace(SECRET, "X" * 19)
    assert contents == {"masked": True, "prompt": "newest", "earlier": {"prompt": [masked, "second"], "response": ["r"]}}


def test_a_conversation_of_too_many_texts_is_refused_and_not_cut(tenant: Tenant) -> None:
    put(tenant, "whole-long", policy(**{"enable-full-conversation-inspection": True}))
    contents = [{"prompt": "a"}] * 1002
    refused = post(tenant, "whole-long", *contents, expected=400)
    assert "at most 1000 earlier texts" in refused["error"]["detail"]
    assert post(tenant, "watch", *contents)["category"] == "benign"
    batch = [{"req_id": 1, "scan_req": {"ai_profile": {"profile_name": "whole-long"}, "contents": contents}}]
    with tenant.server.client(tenant.key) as client:
        assert client.post(ASYNC, json=batch).status_code == 400


def scan_by(tenant: Tenant, **profile: str) -> httpx.Response:
    with tenant.server.client(tenant.key) as client:
        return client.post(SYNC, json={"contents": [{"prompt": "hello"}]} | ({"ai_profile": profile} if profile else {}))


@pytest.mark.parametrize("how", ["name", "id", "linked"])
def test_an_inactive_profile_refuses_scans(tenant: Tenant, how: str) -> None:
    first = put(tenant, "watch", policy())
    off = put(tenant, "watch", policy(), active=False)
    named = {"name": {"profile_name": "watch"}, "id": {"profile_id": off["profile_id"]}, "linked": {}}[how]
    answer = scan_by(tenant, **named)
    assert (answer.status_code, answer.json()) == (400, {"error": {"message": "invalid profile: profile inactive"}})
    assert scan_by(tenant, profile_id=first["profile_id"]).status_code == 200
    batch = [{"req_id": 1, "scan_req": {"ai_profile": {"profile_name": "watch"}, "contents": [{"prompt": "hello"}]}}]
    with tenant.server.client(tenant.key) as client:
        assert client.post(ASYNC, json=batch).status_code == 400
    assert {entry["reason"] for entry in tenant.entries()} >= {"profile_invalid"}
    put(tenant, "watch", policy(), active=True)
    assert scan_by(tenant, profile_name="watch").status_code == 200
