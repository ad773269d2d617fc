"""`scangate logs` beside a running server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.live import scangate_command
from tests.records.conftest import ATTACK, CARD, Tenant


def logs(tenant: Tenant, *arguments: str, status: int = 0) -> str:
    command = scangate_command("logs", *arguments, "--tenant", tenant.tsg_id, "--data-dir", str(tenant.server.data_dir))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def test_list_and_export(tenant: Tenant, tmp_path: Path) -> None:
    scans = [tenant.scan(text)["scan_id"] for text in ("hello", ATTACK, CARD)][::-1]
    api = tenant.entries()
    listed = json.loads(logs(tenant, "list", "--json"))
    assert listed == api and [entry["scan_id"] for entry in listed] == scans
    assert [entry["scan_id"] for entry in json.loads(logs(tenant, "list", "--json", "--filter", "benign"))] == [scans[2]]
    assert len(json.loads(logs(tenant, "list", "--json", "--limit", "1"))) == 1
    assert "tenant-app" in logs(tenant, "list")
    tenant.scan(metadata={"app_name": "[red]\x1b[31m"})
    assert "[red]?[31m" in logs(tenant, "list")
    listed = json.loads(logs(tenant, "list", "--json"))
    assert [json.loads(line) for line in logs(tenant, "export").splitlines()] == listed
    file = tmp_path / "log.json"
    logs(tenant, "export", str(file), "--json", "--filter", "threat")
    assert [entry["scan_id"] for entry in json.loads(file.read_text())] == scans[:2]
    assert "cannot write" in logs(tenant, "export", str(tmp_path / "no" / "log"), status=2)


def test_nothing_to_export_is_still_json(tenant: Tenant) -> None:
    assert (logs(tenant, "export"), json.loads(logs(tenant, "export", "--json"))) == ("", [])


def test_retention_is_shown_changed_and_applied(tenant: Tenant) -> None:
    def shown(*arguments: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(logs(tenant, "retention", "--json", *arguments))
        del document["tsg_id"]
        return document

    assert shown() == {"content_storage": "none", "retention_days": 90}
    assert shown("--days", "7", "--content", "masked") == {"content_storage": "masked", "retention_days": 7}
    assert shown("--apply") == {"content_storage": "masked", "retention_days": 7, "deleted": 0}
    assert tenant.get("/scanlogs/settings") == {"content_storage": "masked", "retention_days": 7}
    (entry,) = [entry for entry in tenant.get("/auditlogs")["audit_log"] if entry["entity"] == "airs_api.scan_log"]
    assert (entry["actor"], entry["after"]["retention_days"]) == ("command line", 7)
    assert "retention_days: 7" in logs(tenant, "retention")
