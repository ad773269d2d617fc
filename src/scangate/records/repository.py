"""Every query on the scan log itself, on stored content, on tenants' settings and on cursors of forwarding.

What dashboards count stands in `figures`, and how it is summed up in `rollups`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.records.entry import ContentStorage, LogEntry
from scangate.records.tables import ForwardingCursorRow, ScanContentRow, ScanLogRow, TenantSettingsRow

CATEGORIES: Final = ("benign", "malicious", "error", "timeout", "rejected")
DEFAULT_RETENTION_DAYS: Final = 90
NOBODY: Final = ""
"""The tenant of refused requests of which nobody knows whose they are. No tenant sees them; whoever runs the server does."""
_WRITTEN: Final = LogEntry._fields[:-2]
"""Not the content, which has a table of its own, and not the number, which the database gives."""
_PLACEHOLDERS: Final = {"sqlite": "?", "postgresql": "%s"}
INSERT_ROWS: Final = 500
"""SQLite takes 32,766 parameters in one statement."""
_READ: Final = tuple(getattr(ScanLogRow, name) for name in (*_WRITTEN, "log_id"))


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """What a tenant keeps of scans, and for how long."""

    tsg_id: str
    content_storage: ContentStorage = ContentStorage.NONE
    retention_days: int = DEFAULT_RETENTION_DAYS


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the log, newest first: what comes behind this row."""

    received_us: int
    log_id: int


async def insert_entries(connection: AsyncConnection, entries: Sequence[LogEntry]) -> None:
    """In the transaction of the scans that the entries tell of; `INSERT_ROWS` of them at most.

    The statement is written out here: binding some forty columns of every scan one by one takes SQLAlchemy longer than the
    database takes to store them.
    """
    if not entries:
        return
    parameters = tuple(chain.from_iterable(entry[:-2] for entry in entries))
    await connection.exec_driver_sql(_insertion(connection.dialect.name, len(entries)), parameters)
    contents = [
        {
            "scan_id": entry.scan_id,
            "item": entry.item,
            "tsg_id": entry.tsg_id,
            "received_us": entry.received_us,
            "content": entry.content,
        }
        for entry in entries
        if entry.content is not None
    ]
    if contents:
        await connection.execute(insert(ScanContentRow), contents)


@lru_cache(maxsize=64)
def _insertion(dialect: str, rows: int) -> str:
    row = f"({', '.join([_PLACEHOLDERS[dialect]] * len(_WRITTEN))})"
    return f"INSERT INTO scan_log ({', '.join(_WRITTEN)}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - names of our own


def in_window(tsg_id: str, since_us: int, until_us: int) -> tuple[ColumnElement[bool], ...]:
    """A tenant's rows of `[since, until)`."""
    row = ScanLogRow
    return row.tsg_id == tsg_id, row.received_us >= since_us, row.received_us < until_us


async def list_entries(
    connection: AsyncConnection,
    tsg_id: str,
    since_us: int,
    until_us: int,
    *,
    category: str | None = None,
    after: Position | None = None,
    offset: int = 0,
    limit: int,
) -> list[LogEntry]:
    """Newest first. `after` costs the same however far back it is; `offset` walks an index and no rows."""
    row = ScanLogRow
    order = row.received_us.desc(), row.log_id.desc()
    chosen = select(row.log_id).where(*in_window(tsg_id, since_us, until_us))
    if category is not None:
        chosen = chosen.where(row.category == category)
    if after is not None:
        chosen = chosen.where(tuple_(row.received_us, row.log_id) < tuple_(after.received_us, after.log_id))
    chosen = chosen.order_by(*order).offset(offset).limit(limit)
    return await _entries(connection, select(*_READ).where(row.log_id.in_(chosen)).order_by(*order))


async def _entries(connection: AsyncConnection, query: Any) -> list[LogEntry]:
    return [LogEntry(**found._mapping) for found in (await connection.execute(query)).all()]


async def count_by_category(connection: AsyncConnection, tsg_id: str, since_us: int, until_us: int) -> dict[str, tuple[int, int]]:
    """`{category: (rows, text records)}`, from an index alone."""
    row = ScanLogRow
    query = (
        select(row.category, func.count(), func.sum(row.text_records))
        .where(*in_window(tsg_id, since_us, until_us), row.category.in_(CATEGORIES))
        .group_by(row.category)
    )
    return {category: (rows, int(records or 0)) for category, rows, records in (await connection.execute(query)).all()}


async def find_item(connection: AsyncConnection, tsg_id: str, scan_id: str, req_id: int) -> LogEntry | None:
    """Of several items of a batch with one `req_id` the first."""
    row = ScanLogRow
    query = select(*_READ).where(row.scan_id == scan_id, row.tsg_id == tsg_id, row.req_id == req_id).order_by(row.item).limit(1)
    return next(iter(await _entries(connection, query)), None)


async def list_session(
    connection: AsyncConnection,
    tsg_id: str,
    app: tuple[str, str],
    session_id: str,
    since_us: int,
    until_us: int,
    *,
    offset: int,
    limit: int,
) -> list[LogEntry]:
    """What was scanned in a session of an application (id and `app_name`), oldest first."""
    row = ScanLogRow
    query = (
        select(*_READ)
        .where(*in_window(tsg_id, since_us, until_us), *of_session(app, session_id))
        .order_by(row.received_us, row.log_id)
        .offset(offset)
        .limit(limit)
    )
    return await _entries(connection, query)


def of_session(app: tuple[str, str], session_id: str) -> tuple[ColumnElement[bool], ...]:
    row = ScanLogRow
    return row.session_id == session_id, row.application_id == app[0], row.app_name == app[1], row.category != "rejected"


async def find_content(connection: AsyncConnection, tsg_id: str, scan_id: str, item: int) -> bytes | None:
    row = ScanContentRow
    query = select(row.content).where(row.scan_id == scan_id, row.item == item, row.tsg_id == tsg_id)
    found: bytes | None = await connection.scalar(query)
    return found


async def list_settings(connection: AsyncConnection) -> list[TenantSettings]:
    """Of every tenant that has changed them."""
    row = TenantSettingsRow
    query = select(row.tsg_id, row.content_storage, row.retention_days)
    return [
        TenantSettings(tsg_id, ContentStorage(storage), days) for tsg_id, storage, days in (await connection.execute(query)).all()
    ]


async def find_settings(connection: AsyncConnection, tsg_id: str) -> TenantSettings:
    """The tenant's own, or the defaults."""
    row = TenantSettingsRow
    query = select(row.content_storage, row.retention_days).where(row.tsg_id == tsg_id)
    found = (await connection.execute(query)).first()
    return TenantSettings(tsg_id, ContentStorage(found[0]), found[1]) if found else TenantSettings(tsg_id)


async def put_settings(connection: AsyncConnection, settings: TenantSettings, by: str, at: datetime) -> None:
    row = TenantSettingsRow
    values = {
        "content_storage": settings.content_storage.value,
        "retention_days": settings.retention_days,
        "updated_by": by,
        "updated_at": at,
    }
    changed = await connection.execute(update(row).where(row.tsg_id == settings.tsg_id).values(**values))
    if not changed.rowcount:
        await connection.execute(insert(row).values(tsg_id=settings.tsg_id, **values))


async def list_tenants(connection: AsyncConnection) -> list[str]:
    """Tenants that have rows in the log; one probe of an index for each of them."""
    row = ScanLogRow
    found: list[str] = []
    after = ""
    while (tsg_id := await connection.scalar(select(func.min(row.tsg_id)).where(row.tsg_id > after))) is not None:
        found.append(tsg_id)
        after = tsg_id
    return found


async def delete_entries(connection: AsyncConnection, tsg_id: str, before_us: int, *, limit: int) -> int:
    """The oldest rows from before that moment, `limit` at most; returns how many."""
    row = ScanLogRow
    chosen = (
        select(row.log_id)
        .where(row.tsg_id == tsg_id, row.received_us < before_us)
        .order_by(row.received_us, row.log_id)
        .limit(limit)
    )
    return (await connection.execute(delete(row).where(row.log_id.in_(chosen)))).rowcount


async def delete_contents(connection: AsyncConnection, tsg_id: str, before_us: int, *, limit: int) -> int:
    """As `delete_entries`, of stored content."""
    row = ScanContentRow
    chosen = (
        select(row.scan_id, row.item)
        .where(row.tsg_id == tsg_id, row.received_us < before_us)
        .order_by(row.received_us)
        .limit(limit)
    )
    return (await connection.execute(delete(row).where(tuple_(row.scan_id, row.item).in_(chosen)))).rowcount


async def entries_behind(connection: AsyncConnection, log_id: int, *, limit: int) -> list[LogEntry]:
    """Every tenant's rows behind that number, in the order in which they were stored."""
    row = ScanLogRow
    return await _entries(connection, select(*_READ).where(row.log_id > log_id).order_by(row.log_id).limit(limit))


async def last_log_id(connection: AsyncConnection) -> int:
    return int(await connection.scalar(select(func.max(ScanLogRow.log_id))) or 0)


async def cursor_exists(connection: AsyncConnection, target: str) -> bool:
    row = ForwardingCursorRow
    return await connection.scalar(select(row.target).where(row.target == target)) is not None


async def find_cursor(connection: AsyncConnection, target: str) -> int:
    row = ForwardingCursorRow
    return int(await connection.scalar(select(row.log_id).where(row.target == target)) or 0)


async def release_cursors(connection: AsyncConnection) -> None:
    """Whoever held one is not alive any more."""
    await connection.execute(update(ForwardingCursorRow).values(owner="", leased_until_us=0))


async def create_cursor(connection: AsyncConnection, target: str, log_id: int) -> None:
    await connection.execute(insert(ForwardingCursorRow).values(target=target, log_id=log_id, owner="", leased_until_us=0))


async def lease_cursor(connection: AsyncConnection, target: str, owner: str, now_us: int, until_us: int) -> int | None:
    """Where forwarding to that target has come to, for the process that may go on; None while another one does."""
    row = ForwardingCursorRow
    mine = (row.owner == owner) | (row.leased_until_us < now_us)
    taken = await connection.execute(
        update(row).where(row.target == target, mine).values(owner=owner, leased_until_us=until_us).returning(row.log_id)
    )
    found = taken.first()
    return int(found[0]) if found else None


async def move_cursor(connection: AsyncConnection, target: str, owner: str, log_id: int, until_us: int) -> bool:
    """False when another process has taken over."""
    row = ForwardingCursorRow
    moved = await connection.execute(
        update(row).where(row.target == target, row.owner == owner).values(log_id=log_id, leased_until_us=until_us)
    )
    return moved.rowcount == 1
