"""Every query on scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.records.entry import LogEntry
from scangate.scans.tables import ScanRow


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One row: a pending item of a batch has a request, a finished scan a result and a report."""

    scan_id: str
    item: int
    tsg_id: str
    application_id: str
    api_key_id: str
    req_id: int
    source: str
    received_at: datetime
    completed_at: datetime | None = None
    request: bytes | None = None
    result: bytes | None = None
    report: bytes | None = None
    auth_code: str = ""
    tokens: int = 0
    """What a finished scan counts against its deployment profile's quota; kept in the counter, not in the row."""
    entry: LogEntry | None = None
    """What the scan log says of a finished scan; a table of its own."""


_COLUMNS = tuple(name for name in ScanRecord.__dataclass_fields__ if name not in ("auth_code", "tokens", "entry"))


async def insert_scans(connection: AsyncConnection, records: Sequence[ScanRecord]) -> None:
    await connection.execute(insert(ScanRow), [{name: getattr(record, name) for name in _COLUMNS} for record in records])


async def find_scans(connection: AsyncConnection, tsg_id: str, scan_ids: Sequence[str]) -> list[ScanRecord]:
    """Every item of the given scans of one tenant, without the requests."""
    row = ScanRow
    query = (
        select(
            row.scan_id, row.item, row.tsg_id, row.application_id, row.api_key_id, row.req_id, row.source,
            row.received_at, row.completed_at, row.result, row.report,
        )
        .where(row.tsg_id == tsg_id, row.scan_id.in_(scan_ids))
        .order_by(row.scan_id, row.item)
    )  # fmt: skip
    rows = (await connection.execute(query)).all()
    return [ScanRecord(**found._mapping) for found in rows]


async def find_pending(connection: AsyncConnection, scan_id: str, item: int) -> ScanRecord | None:
    """An item that waits to be scanned, with its request; None when it is done."""
    row = ScanRow
    found = (
        await connection.execute(
            select(
                row.scan_id, row.item, row.tsg_id, row.application_id, row.api_key_id, row.req_id, row.source,
                row.received_at, row.completed_at, row.request,
            ).where(row.scan_id == scan_id, row.item == item, row.completed_at.is_(None))
        )
    ).first()  # fmt: skip
    return ScanRecord(**found._mapping) if found else None


async def complete_scan(connection: AsyncConnection, record: ScanRecord, result: bytes, report: bytes, at: datetime) -> None:
    """Store result and report and drop the request: content is not kept longer than it is needed."""
    await connection.execute(
        update(ScanRow)
        .where(ScanRow.scan_id == record.scan_id, ScanRow.item == record.item, ScanRow.completed_at.is_(None))
        .values(result=result, report=report, completed_at=at, request=None)
    )


async def delete_finished(connection: AsyncConnection, tsg_id: str, before: datetime, limit: int) -> int:
    """A tenant's oldest finished items of before that moment, `limit` at most; returns how many."""
    row = ScanRow
    chosen = (
        select(row.scan_id, row.item)
        .where(row.tsg_id == tsg_id, row.received_at < before, row.completed_at.is_not(None))
        .order_by(row.received_at)
        .limit(limit)
    )
    return (await connection.execute(delete(row).where(tuple_(row.scan_id, row.item).in_(chosen)))).rowcount
