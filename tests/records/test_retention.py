"""What is older than a tenant keeps it goes: log, content, results and reports; of nobody else, and in small batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.records.conftest import on_database

from scangate.db.engine import Database
from scangate.db.schema import migrate
from scangate.identity.repository import insert_tenant
from scangate.records import repository, service
from scangate.records.entry import ContentStorage, LogEntry, microseconds
from scangate.records.repository import TenantSettings
from scangate.records.service import ScanLog
from scangate.scans.repository import ScanRecord, delete_finished, insert_scans

NOW = datetime.now(UTC)


def entry(tsg_id: str, days: float, number: int = 0) -> LogEntry:
    at = microseconds(NOW - timedelta(days=days))
    return LogEntry(
        tsg_id=tsg_id, scan_id=f"{tsg_id}-{days}-{number}", source="x", application_id="a", api_key_id="k", app_name="n",
        received_us=at, completed_us=at, category="benign", action="allow", is_sync=True, content=b"{}",
    )  # fmt: skip


def record(found: LogEntry, *, finished: bool = True) -> ScanRecord:
    at = datetime.fromtimestamp(found.received_us / 1e6, UTC)
    return ScanRecord(
        found.scan_id, 0, found.tsg_id, "a", "k", 0, "x", at, at if finished else None, None if finished else b"{}", b"{}", b"{}"
    )


def test_each_tenant_keeps_its_own_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH_ROWS", 3)
    monkeypatch.setattr(service, "PAUSE_SECONDS", 0.001)
    migrate(f"sqlite+aiosqlite:///{tmp_path / 'scangate.db'}")

    async def work(database: Database) -> None:
        entries = [entry("short", days, number) for days in (0.5, 1.5, 89, 91) for number in range(5)]
        entries += [entry("default", days) for days in (0.5, 1.5, 89, 91)]
        async with database.write() as connection:
            for tsg_id in ("short", "default"):
                await insert_tenant(connection, tsg_id=tsg_id, name=tsg_id, created_at=NOW)
            await repository.insert_entries(connection, entries)
            await insert_scans(connection, [record(found) for found in entries])
            await insert_scans(connection, [record(entry("default", 95), finished=False)])
            await repository.put_settings(connection, TenantSettings("short", ContentStorage.FULL, 1), "test", NOW)
        log = ScanLog(database, delete_finished)
        assert await log.apply_retention() == 15 + 1
        assert await log.apply_retention() == 0
        async with database.read() as connection:
            for table, expected in (
                ("scan_log", {"short": 5, "default": 3}),
                ("scan_contents", {"short": 5, "default": 3}),
                ("scans", {"short": 5, "default": 4}),
            ):
                found = await connection.execute(text(f"SELECT tsg_id, count(*) FROM {table} GROUP BY 1"))
                assert {row[0]: row[1] for row in found.all()} == expected, table

    on_database(tmp_path, work)


def test_numbers_of_rows_are_never_given_out_twice(tmp_path: Path) -> None:
    migrate(f"sqlite+aiosqlite:///{tmp_path / 'scangate.db'}")

    async def work(database: Database) -> None:
        async with database.write() as connection:
            await repository.insert_entries(connection, [entry("t", 100), entry("t", 101)])
        assert await ScanLog(database, delete_finished).apply_retention() == 2
        async with database.write() as connection:
            await repository.insert_entries(connection, [entry("t", 0)])
        async with database.read() as connection:
            assert await repository.last_log_id(connection) == 3

    on_database(tmp_path, work)
