"""Refused requests in the scan log: queries too, whose they are where that is known, and never more than so many a minute."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.live import ASYNC, REPORTS, RESULTS, SYNC, LiveServer, running
from tests.records.conftest import MANY, Tenant, new_tenant, on_database
from typer.testing import CliRunner

from scangate.cli.main import command_line
from scangate.db.engine import Database
from scangate.domain.ids import new_id
from scangate.records.repository import NOBODY
from scangate.records.service import NOBODY_DAYS, ScanLog
from scangate.records.tables import ScanLogRow
from scangate.scans.repository import delete_finished

SCAN = {"contents": [{"prompt": "hello"}]}
WRONG = "sg_a-wrong-key-that-nobody-ever-had"


def refused(tenant: Tenant) -> Counter[str]:
    return Counter(entry["reason"] for entry in tenant.entries() if entry["status"] == "rejected")


def strangers(server: LiveServer, rows: int, since: int = 0) -> list[dict[str, Any]]:
    """Entries of no tenant, once there are so many; they are written behind the answer."""
    for _ in range(100):
        document = CliRunner().invoke(
            command_line(), ["logs", "refused", "--json", "--limit", "10000", "--data-dir", str(server.data_dir)]
        )
        found: list[dict[str, Any]] = json.loads(document.stdout)
        if len(found) >= rows:
            break
        time.sleep(0.05)
    return found[: len(found) - since]


def test_refused_queries_are_logged_with_their_reason(tenant: Tenant) -> None:
    with tenant.server.client(tenant.key) as client:
        assert client.get(RESULTS, params={"scan_ids": new_id()}).status_code == 400
        assert client.get(RESULTS).status_code == 400
        assert client.get(f"{RESULTS}/nothing").status_code == 400
        assert client.get(REPORTS, params={"report_ids": "R1"}).status_code == 400
        assert client.get(REPORTS, headers={"x-payload-hash": "00"}).status_code == 400
    assert refused(tenant) == {"request_invalid": 5}
    entry = tenant.entries()[0]
    assert (entry["verdict"], entry["action"], entry["app_name"], entry["scan_id"]) == ("rejected", "block", "tenant-app", "")


def test_queries_over_the_limit_are_logged(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        tenant = new_tenant(server)
        with server.client(tenant.key) as client:
            statuses = [client.get(RESULTS, params={"scan_ids": new_id()}).status_code for _ in range(12)]
        assert statuses == [400] * 10 + [429] * 2
        assert refused(tenant) == {"request_invalid": 10, "limit_exceeded": 2}


@pytest.mark.parametrize("path", [SYNC, ASYNC, RESULTS, f"{RESULTS}/{new_id()}", REPORTS])
def test_strangers_are_logged_for_whoever_runs_the_server(live: LiveServer, tenant: Tenant, path: str) -> None:
    before = len(strangers(live, 0))
    method = "POST" if path in (SYNC, ASYNC) else "GET"
    headers: list[dict[str, str]] = [
        {},
        {"x-pan-token": WRONG},
        {"authorization": "Basic eDp5"},
        {"authorization": "Bearer a.b.c"},
    ]
    with live.client("") as client:
        statuses = [client.request(method, path, headers=each, json=SCAN).status_code for each in headers]
    assert statuses == [401, 403, 403, 403]
    found = strangers(live, before + 4, since=before)
    assert Counter(entry["reason"] for entry in found) == {"credentials_invalid": 3, "not_authenticated": 1}
    assert {(entry["user_ip"], entry["tsg_id"], entry["app_name"]) for entry in found} == {("127.0.0.1", "", "")}
    assert not any(sent in str(found) for sent in (WRONG, WRONG[-8:], "eDp5", "a.b.c"))
    assert tenant.entries() == [], "no tenant sees them"


def test_keys_and_tokens_that_held_once_are_their_applications(live: LiveServer, tenant: Tenant) -> None:
    with tenant.operator() as client:
        minted = client.post("/oauth/client_credential/accesstoken", json={"client_id": "c", "customer_app": "tenant-app"}).json()
        token = minted["access_token"]
        assert client.post("/oauth/invalidateToken", params={"token": token}).status_code == 200
        application = client.get("/customerapp", params={"app_name": "tenant-app"}).json()
        body = {"app_name": "tenant-app", "cloud_provider": "", "environment": "", "status": "pending"}
        changed = client.put("/customerapp", params={"customer_app_id": application["customer_appId"]}, json=body)
        assert changed.status_code == 200
    with live.client("") as client:
        for headers in ({"x-pan-token": tenant.key}, {"authorization": f"Bearer {token}"}):
            assert client.post(SYNC, json=SCAN, headers=headers).status_code == 403
    entries = tenant.entries()
    assert [(e["reason"], e["app_name"], e["user_ip"]) for e in entries] == [
        ("credentials_invalid", "tenant-app", "127.0.0.1")
    ] * 2
    assert tenant.key not in str(entries) and token not in str(entries)


def test_who_is_refused_cannot_fill_the_disk(tmp_path: Path) -> None:
    limit = 5
    env = {**MANY, "SCANGATE_RECORDS__REJECTED_PER_MINUTE": str(limit)}
    with running(tmp_path / "data", env=env) as server:
        one, two = new_tenant(server, "one"), new_tenant(server, "two")
        with server.client("") as client:
            for number in range(20):
                key = {"x-pan-token": f"{WRONG}{number}"} if number % 2 else {}
                assert client.post(SYNC, json=SCAN, headers=key).status_code in (401, 403)
                assert client.post(SYNC, json={"contents": []}, headers={"x-pan-token": one.key}).status_code == 400
            assert client.post(SYNC, json={"contents": []}, headers={"x-pan-token": two.key}).status_code == 400
            metrics = client.get("/metrics").text
        assert one.scan()["action"] == "allow", "scans themselves are all recorded"
        assert refused(one) == {"request_invalid": limit} and refused(two) == {"request_invalid": 1}
        assert len(strangers(server, limit)) == limit
        assert 'scangate_rejected_total{code="credentials_invalid"} 10.0' in metrics


def test_strangers_are_forgotten_after_a_week(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        with server.client("") as client:
            for _ in range(3):
                assert client.post(SYNC, json=SCAN).status_code == 401
        assert len(strangers(server, 3)) == 3
        tenant = new_tenant(server)
        assert tenant.scan()["action"] == "allow" and len(tenant.entries()) == 1

        async def work(database: Database) -> tuple[int, int]:
            row = ScanLogRow
            old = (NOBODY_DAYS + 1) * 86_400 * 1_000_000
            async with database.write() as connection:
                await connection.execute(update(row).values(received_us=row.received_us - old))
            await ScanLog(database, delete_finished).apply_retention()
            async with database.read() as connection:
                counts = [
                    int(await connection.scalar(select(func.count()).select_from(row).where(row.tsg_id == tsg_id)) or 0)
                    for tsg_id in (NOBODY, tenant.tsg_id)
                ]
            return counts[0], counts[1]

        assert on_database(server, work) == (0, 1)
