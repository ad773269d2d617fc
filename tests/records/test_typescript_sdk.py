"""The independent TypeScript SDK against a live server: its schemas accept every answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.records.conftest import ATTACK, Tenant

SDK = "@cdot65/prisma-airs-sdk@0.34.0"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, beside the installed SDK."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the TypeScript SDK cannot be run")
    folder = tmp_path_factory.mktemp("sdk")
    command = [npm, "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", str(folder), SDK]
    subprocess.run(command, check=True, capture_output=True, timeout=240, cwd=folder)
    return Path(shutil.copy(Path(__file__).with_name("airs.mjs"), folder / "airs.mjs"))


def drive(script: Path, tenant: Tenant, **names: str) -> dict[str, Any]:
    server = tenant.server
    options = {
        "base": server.http_url,
        "token": f"{server.http_url}/oauth2/access_token",
        "tsgId": tenant.tsg_id,
        "clientId": tenant.client_id,
        "clientSecret": tenant.client_secret,
        "appId": tenant.application_id,
        **names,
    }
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        ["node", str(script), json.dumps(options)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        cwd=script.parent,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_scan_log_dashboard_and_session_clients(script: Path, tenant: Tenant) -> None:
    with tenant.operator() as client:
        client.put("/scanlogs/settings", json={"content_storage": "full"})
    names = {"session_id": "s-1", "metadata": {"app_name": "chat"}}
    attack = tenant.scan(ATTACK, **names)
    others = [tenant.scan(f"hello {number}", **names)["scan_id"] for number in range(2)]
    found = drive(script, tenant, appName="chat", sessionId="s-1", scanId=attack["scan_id"])

    def entries(page: dict[str, Any]) -> list[str]:
        return [entry["scan_id"] for entry in page["scan_result_for_dashboard"]["scan_result_entries"]]

    assert entries(found["logs"]) + entries(found["next"]) == [*others[::-1], attack["scan_id"]]
    assert (found["logs"]["total_pages"], "page_token" in found["next"]) == (2, False)
    assert entries(found["threats"]) == [attack["scan_id"]]
    assert [found[way]["items"][0]["sessions_total"] for way in ("overview", "raw")] == [1, 1]
    assert found["application"]["session_stats"] == {
        "total": 1,
        "violating": 1,
        "violation_breakdown": {"critical": 0, "high": 1, "medium": 0, "low": 0, "total": 1},
        "last_session_id": "s-1",
        "most_recent_session_time": found["application"]["session_stats"]["most_recent_session_time"],
    }
    assert found["breakdown"]["total_violating"] == 1
    assert [one["name"] for one in found["top"]["applications"]] == ["chat"]
    assert (len(found["trend"]["violations"]), len(found["chart"]["buckets"])) == (12, 24)
    assert found["apps"] == {"applications": [{"application_id": tenant.application_id, "application_name": "chat"}]}
    assert [one["session_id"] for one in found["sessions"]["items"]] == ["s-1"]
    assert len(found["session"]["session_actions"]) == 3
    assert found["transaction"]["scan_id"] == found["content"]["scan_id"] == attack["scan_id"]
    assert found["content"]["scan_contents"] == {"masked": False, "prompt": ATTACK}
    assert "60 days" in found["refused"]
