"""The queries that dashboards are drawn from: sums over `rollup_tables`, and single rows of the log.

Severities are counted by their mask (`verdict_bits`): there are few different ones, so the database groups and Python unpacks.
A session is a session id within one application and one `app_name`; refused requests belong to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from scangate.records import rollups
from scangate.records.repository import in_window, of_session
from scangate.records.rollup_tables import (
    HOUR_GRAIN,
    LAST,
    LAST_VIOLATING,
    SESSIONS,
    VIOLATING,
    ScanSlotRow,
    SessionHeadRow,
    SessionSlotRow,
    ThreatSlotRow,
)
from scangate.records.tables import ScanLogRow
from scangate.records.windows import Span, grain_of, span_of

App = tuple[str, str]
"""Application id and `app_name`: what dashboards call an application."""
MALICIOUS: Final = "malicious"
_SESSIONS_AT_ONCE: Final = 50
"""Each is a probe of the index; SQLite nests a thousand terms at most."""
SlotRow = type[ScanSlotRow] | type[ThreatSlotRow] | type[SessionSlotRow]


@dataclass(frozen=True, slots=True)
class AppFigures:
    """An application in a window."""

    app: App
    sessions: int
    violating: int


@dataclass(frozen=True, slots=True)
class SessionFigures:
    app: App
    session_id: str
    last_us: int


async def span_at(connection: AsyncConnection, tsg_id: str, seconds: int, now_us: int) -> Span:
    """The window of that length for what this transaction sees."""
    newest = await rollups.newest_slot(connection, tsg_id, grain_of(seconds))
    return span_of(seconds, now_us, newest, await rollups.floor_of(connection, tsg_id))


def _in_span(row: SlotRow, tsg_id: str, span: Span, app: App | None = None) -> tuple[ColumnElement[bool], ...]:
    of_app = (row.application_id == app[0], row.app_name == app[1]) if app else ()
    slots = row.tsg_id == tsg_id, row.grain == span.grain, row.slot >= span.counted_slot, row.slot < span.end_slot
    return *slots, *of_app


def _bucket(row: SlotRow, span: Span) -> ColumnElement[int]:
    return ((row.slot - span.first_slot) // span.bucket_slots).label("bucket")


def _split(query: Any, kinds: tuple[int, int], span: Span, tsg_id: str, app: App | None = None) -> Any:
    row = SessionSlotRow
    return query.where(*_in_span(row, tsg_id, span, app), row.kind.in_(kinds)).group_by(row.kind)


async def applications(connection: AsyncConnection, tsg_id: str, span: Span, app: App | None = None) -> list[AppFigures]:
    """By name; all of them or the one. Whatever scanned in the window has sessions that were active last in it."""
    row = SessionSlotRow
    query = select(row.application_id, row.app_name, row.kind, func.sum(row.sessions)).group_by(row.application_id, row.app_name)
    counts: dict[App, dict[int, int]] = {}
    for id_, name, kind, sessions in (await connection.execute(_split(query, (LAST, LAST_VIOLATING), span, tsg_id, app))).all():
        counts.setdefault((id_, name), {})[kind] = int(sessions)
    figures = [
        AppFigures(one, found.get(LAST, 0), found.get(LAST_VIOLATING, 0)) for one, found in counts.items() if found.get(LAST)
    ]
    return sorted(figures, key=lambda found: (found.app[1], found.app[0]))


async def last_activity(connection: AsyncConnection, tsg_id: str, span: Span, app: App) -> int | None:
    """When the application scanned last, in microseconds since 1970; None where it did not in the window."""
    query = select(func.max(ScanSlotRow.last_us)).where(*_in_span(ScanSlotRow, tsg_id, span, app))
    found: int | None = await connection.scalar(query)
    return found


def _active(span: Span) -> ColumnElement[bool]:
    """Sessions in their first slot of the bucket: those that were active in an earlier one are counted there."""
    row = SessionSlotRow
    return or_(row.gap > (row.slot - span.first_slot) % span.bucket_slots, row.slot - row.gap < span.floor_slot)


async def sessions_by_bucket(
    connection: AsyncConnection, tsg_id: str, span: Span, apps: Sequence[App] | None = None
) -> dict[App, dict[int, tuple[int, int]]]:
    """`{application: {bucket: (sessions, violating sessions)}}`; of all applications, which is quicker than to name them, or of some."""
    if apps is not None and not apps:
        return {}
    row = SessionSlotRow
    bucket = _bucket(row, span)
    query = select(row.kind, row.application_id, row.app_name, bucket, func.sum(row.sessions)).where(_active(span))
    if apps is not None:
        query = query.where(tuple_(row.application_id, row.app_name).in_(apps))
    query = _split(query, (SESSIONS, VIOLATING), span, tsg_id).group_by(row.application_id, row.app_name, bucket)
    found: dict[App, dict[int, tuple[int, int]]] = {}
    for kind, application_id, name, number, sessions in (await connection.execute(query)).all():
        _put(found.setdefault((application_id, name), {}), number, kind, int(sessions))
    return found


def _put(buckets: dict[int, tuple[int, int]], number: int, kind: int, sessions: int) -> None:
    total, violating = buckets.get(number, (0, 0))
    buckets[number] = (sessions, violating) if kind == SESSIONS else (total, sessions)


async def sessions_chart(connection: AsyncConnection, tsg_id: str, span: Span) -> dict[int, tuple[int, int]]:
    """`{bucket: (sessions, violating sessions)}`."""
    row = SessionSlotRow
    bucket = _bucket(row, span)
    query = _split(
        select(row.kind, bucket, func.sum(row.sessions)).where(_active(span)), (SESSIONS, VIOLATING), span, tsg_id
    ).group_by(bucket)
    found: dict[int, tuple[int, int]] = {}
    for kind, number, sessions in (await connection.execute(query)).all():
        _put(found, number, kind, int(sessions))
    return found


async def severities(connection: AsyncConnection, tsg_id: str, span: Span, app: App | None = None) -> list[tuple[int, int]]:
    """`(severity mask, items)` of what was malicious."""
    row = ThreatSlotRow
    query = select(row.severities, func.sum(row.items)).where(*_in_span(row, tsg_id, span, app)).group_by(row.severities)
    return [(mask, int(items)) for mask, items in (await connection.execute(query)).all()]


async def severities_by_app(connection: AsyncConnection, tsg_id: str, span: Span) -> list[tuple[App, int, int]]:
    row = ThreatSlotRow
    columns = row.application_id, row.app_name, row.severities
    query = select(*columns, func.sum(row.items)).where(*_in_span(row, tsg_id, span)).group_by(*columns)
    return [((found[0], found[1]), found[2], int(found[3])) for found in (await connection.execute(query)).all()]


async def severities_by_bucket(connection: AsyncConnection, tsg_id: str, span: Span) -> list[tuple[int, int, int]]:
    """`(bucket, severity mask, items)`."""
    row = ThreatSlotRow
    bucket = _bucket(row, span)
    query = (
        select(bucket, row.severities, func.sum(row.items)).where(*_in_span(row, tsg_id, span)).group_by(bucket, row.severities)
    )
    return [(number, mask, int(items)) for number, mask, items in (await connection.execute(query)).all()]


async def token_sum(connection: AsyncConnection, tsg_id: str, span: Span, app: App) -> int:
    query = select(func.sum(ScanSlotRow.tokens)).where(*_in_span(ScanSlotRow, tsg_id, span, app))
    return int(await connection.scalar(query) or 0)


async def tokens_since(connection: AsyncConnection, tsg_id: str, span: Span, app: App, since_us: int) -> int:
    """From a full hour on, whatever the window."""
    row = ScanSlotRow
    first = -(-max(since_us, span.floor_us) // (HOUR_GRAIN * 1_000_000))
    query = select(func.sum(row.tokens)).where(
        row.tsg_id == tsg_id, row.grain == HOUR_GRAIN, row.slot >= first, row.application_id == app[0], row.app_name == app[1]
    )
    return int(await connection.scalar(query) or 0)


async def profiles_used(connection: AsyncConnection, tsg_id: str, span: Span, app: App) -> list[str]:
    row = ScanSlotRow
    query = select(row.profile_name).where(*_in_span(row, tsg_id, span, app), row.profile_name != "").distinct()
    return sorted((await connection.scalars(query)).all())


async def last_session(connection: AsyncConnection, tsg_id: str, app: App, last_us: int) -> str | None:
    """The session of the application's row of that moment."""
    row = ScanLogRow
    query = select(row.session_id).where(
        row.tsg_id == tsg_id, row.received_us == last_us, row.application_id == app[0], row.app_name == app[1],
        row.category != "rejected",
    )  # fmt: skip
    found: str | None = await connection.scalar(query.order_by(row.log_id.desc()).limit(1))
    return found


async def newest_sessions(
    connection: AsyncConnection, tsg_id: str, span: Span, *, offset: int, limit: int
) -> list[SessionFigures]:
    """By their last activity."""
    head, row = SessionHeadRow, ScanLogRow
    chosen = (
        select(head.log_id)
        .where(head.tsg_id == tsg_id, head.last_us >= span.counted_us)
        .order_by(head.last_us.desc(), head.log_id.desc())
        .offset(offset)
        .limit(limit)
    )
    query = (
        select(row.application_id, row.app_name, row.session_id, row.received_us)
        .where(row.log_id.in_(chosen))
        .order_by(row.received_us.desc(), row.log_id.desc())
    )
    return [SessionFigures((found[0], found[1]), found[2], found[3]) for found in (await connection.execute(query)).all()]


async def count_sessions(connection: AsyncConnection, tsg_id: str, span: Span) -> int:
    row = SessionSlotRow
    query = select(func.sum(row.sessions)).where(*_in_span(row, tsg_id, span), row.kind == LAST)
    return int(await connection.scalar(query) or 0)


async def severities_of_sessions(
    connection: AsyncConnection, tsg_id: str, span: Span, sessions: Sequence[SessionFigures]
) -> list[tuple[App, str, int, int]]:
    """`(application, session id, severity mask, items)` of what was malicious, from an index of nothing else."""
    row = ScanLogRow
    columns: tuple[Any, ...] = (row.application_id, row.app_name, row.session_id, row.severities)
    found: list[tuple[App, str, int, int]] = []
    for start in range(0, len(sessions), _SESSIONS_AT_ONCE):
        some = sessions[start : start + _SESSIONS_AT_ONCE]
        query = select(*columns, func.count()).where(
            or_(*(_threats(tsg_id, one, span) for one in some)),
        )
        rows = (await connection.execute(query.group_by(*columns))).all()
        found += [((one[0], one[1]), one[2], one[3], one[4]) for one in rows]
    return found


def _threats(tsg_id: str, session: SessionFigures, span: Span) -> ColumnElement[bool]:
    """The words of the index stand in every term, and in the statement itself: else SQLite takes another one."""
    row = ScanLogRow
    return and_(
        row.tsg_id == tsg_id,
        row.application_id == session.app[0],
        row.app_name == session.app[1],
        row.session_id == session.session_id,
        row.received_us >= span.counted_us,
        row.category == literal_column(f"'{MALICIOUS}'"),
    )


async def session(connection: AsyncConnection, tsg_id: str, span: Span, app: App, session_id: str) -> tuple[int, bool, int, int]:
    """`(items, whether it violates, first, last)`, the last two in microseconds since 1970 and 0 where there are no items."""
    row = ScanLogRow
    mine = (*in_window(tsg_id, span.counted_us, span.until_us), *of_session(app, session_id))
    first = select(row.received_us).where(*mine).order_by(row.received_us).limit(1)
    last = select(row.received_us).where(*mine).order_by(row.received_us.desc()).limit(1)
    query = select(func.count(), first.scalar_subquery(), last.scalar_subquery()).where(*mine)
    items, first_us, last_us = (await connection.execute(query)).one()
    shown = SessionFigures(app, session_id, last_us or 0)
    violating = await connection.scalar(select(row.log_id).where(_threats(tsg_id, shown, span)).limit(1))
    return int(items), violating is not None, int(first_us or 0), int(last_us or 0)
