"""Every query on scans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.records.entry import LogEntry
from scangate.scans.tables import ScanRow


class ScanRecord(NamedTuple):
    """One row: a pending item of a batch has a request, a finished scan a result and a report.

    A tuple and no dataclass: one is made behind every scan, and written as it is. The columns stand first.
    """

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


_COLUMNS: Final = ScanRecord._fields[: ScanRecord._fields.index("auth_code")]
_RECEIVED: Final = _COLUMNS.index("received_at")
_COMPLETED: Final = _COLUMNS.index("completed_at")
_AFTER: Final = _COMPLETED + 1
_WIDTH: Final = len(_COLUMNS)
INSERT_ROWS: Final = 500
"""SQLite takes 32,766 parameters in one statement."""


async def insert_scans(connection: AsyncConnection, records: Sequence[ScanRecord]) -> None:
    """The statement is written out here, as that of the scan log is (`records.repository.insert_entries`) and for the same reason."""
    dialect = connection.dialect.name
    convert = _sqlite_time if dialect == "sqlite" else _unchanged
    for start in range(0, len(records), INSERT_ROWS):
        some = records[start : start + INSERT_ROWS]
        rows = ((*one[:_RECEIVED], convert(one.received_at), convert(one.completed_at), *one[_AFTER:_WIDTH]) for one in some)
        await connection.exec_driver_sql(_insertion(dialect, len(some)), tuple(chain.from_iterable(rows)))


@lru_cache(maxsize=64)
def _insertion(dialect: str, rows: int) -> str:
    placeholder = "?" if dialect == "sqlite" else "%s"
    row = f"({', '.join([placeholder] * _WIDTH)})"
    return f"INSERT INTO scans ({', '.join(_COLUMNS)}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - names of our own


def _sqlite_time(moment: datetime | None) -> str | None:
    """As SQLAlchemy's type of the column writes it."""
    return None if moment is None else moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _unchanged(moment: datetime | None) -> datetime | None:
    return moment


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
