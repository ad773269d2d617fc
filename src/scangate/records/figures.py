"""The queries that dashboards are drawn from: counts over the scan log by application, session, time and severity.

Severities are counted by their mask (`verdict_bits`): there are few different ones, so the database groups and Python unpacks.
A session is a session id within one application and one `app_name`; refused requests belong to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, distinct, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from scangate.records.repository import in_window, of_session
from scangate.records.tables import ScanLogRow
from scangate.records.windows import Window

App = tuple[str, str]
"""Application id and `app_name`: what dashboards call an application."""
MALICIOUS: Final = "malicious"


@dataclass(frozen=True, slots=True)
class AppFigures:
    """An application in a window; times in microseconds since 1970."""

    app: App
    first_us: int
    last_us: int
    sessions: int
    violating: int


@dataclass(frozen=True, slots=True)
class SessionFigures:
    app: App
    session_id: str
    last_us: int


def _scanned(tsg_id: str, span: Window, app: App | None = None) -> tuple[ColumnElement[bool], ...]:
    row = ScanLogRow
    of_app = (row.application_id == app[0], row.app_name == app[1]) if app else ()
    return *in_window(tsg_id, span.since_us, span.until_us), row.category != "rejected", *of_app


def _threats(tsg_id: str, span: Window, app: App | None = None) -> tuple[ColumnElement[bool], ...]:
    """What a severity mask can be different from 0 for; there is an index by category."""
    row = ScanLogRow
    of_app = (row.application_id == app[0], row.app_name == app[1]) if app else ()
    return *in_window(tsg_id, span.since_us, span.until_us), row.category == MALICIOUS, *of_app


def _bucket(span: Window) -> ColumnElement[int]:
    return ((ScanLogRow.received_us - span.since_us) // span.bucket_us).label("bucket")


_SESSIONS: Final = func.count(distinct(ScanLogRow.session_id))
_VIOLATING: Final = func.count(distinct(case((ScanLogRow.category == MALICIOUS, ScanLogRow.session_id))))


async def applications(
    connection: AsyncConnection, tsg_id: str, span: Window, *, offset: int = 0, limit: int | None = None
) -> list[AppFigures]:
    """By name."""
    row = ScanLogRow
    query = (
        select(
            row.application_id, row.app_name, func.min(row.received_us), func.max(row.received_us), _SESSIONS, _VIOLATING
        )
        .where(*_scanned(tsg_id, span))
        .group_by(row.application_id, row.app_name)
        .order_by(row.app_name, row.application_id)
        .offset(offset)
        .limit(limit)
    )  # fmt: skip
    return [
        AppFigures((application_id, name), *figures) for application_id, name, *figures in (await connection.execute(query)).all()
    ]


async def application_names(connection: AsyncConnection, tsg_id: str, span: Window) -> list[App]:
    row = ScanLogRow
    query = select(row.application_id, row.app_name).where(*_scanned(tsg_id, span)).distinct()
    return sorted(((found[0], found[1]) for found in (await connection.execute(query)).all()), key=lambda app: (app[1], app[0]))


async def sessions_by_bucket(
    connection: AsyncConnection, tsg_id: str, span: Window, apps: Sequence[App]
) -> dict[App, dict[int, tuple[int, int]]]:
    """`{application: {bucket: (sessions, violating sessions)}}`."""
    if not apps:
        return {}
    row = ScanLogRow
    bucket = _bucket(span)
    query = (
        select(row.application_id, row.app_name, bucket, _SESSIONS, _VIOLATING)
        .where(*_scanned(tsg_id, span), tuple_(row.application_id, row.app_name).in_(apps))
        .group_by(row.application_id, row.app_name, bucket)
    )
    found: dict[App, dict[int, tuple[int, int]]] = {}
    for application_id, name, number, total, violating in (await connection.execute(query)).all():
        found.setdefault((application_id, name), {})[number] = total, violating
    return found


async def sessions_chart(connection: AsyncConnection, tsg_id: str, span: Window) -> dict[int, tuple[int, int]]:
    """`{bucket: (sessions, violating sessions)}`."""
    row = ScanLogRow
    bucket = _bucket(span)
    apart = select(
        bucket,
        row.application_id,
        row.app_name,
        row.session_id,
        func.max(case((row.category == MALICIOUS, 1), else_=0)).label("violating"),
    ).where(*_scanned(tsg_id, span))
    each = apart.group_by(bucket, row.application_id, row.app_name, row.session_id).subquery()
    query = select(each.c.bucket, func.count(), func.sum(each.c.violating)).group_by(each.c.bucket)
    return {number: (total, int(violating or 0)) for number, total, violating in (await connection.execute(query)).all()}


async def severities(connection: AsyncConnection, tsg_id: str, span: Window, app: App | None = None) -> list[tuple[int, int]]:
    """`(severity mask, rows)`."""
    row = ScanLogRow
    query = select(row.severities, func.count()).where(*_threats(tsg_id, span, app)).group_by(row.severities)
    return [(mask, rows) for mask, rows in (await connection.execute(query)).all()]


async def severities_by_app(connection: AsyncConnection, tsg_id: str, span: Window) -> list[tuple[App, int, int]]:
    row = ScanLogRow
    query = (
        select(row.application_id, row.app_name, row.severities, func.count())
        .where(*_threats(tsg_id, span))
        .group_by(row.application_id, row.app_name, row.severities)
    )
    return [((found[0], found[1]), found[2], found[3]) for found in (await connection.execute(query)).all()]


async def severities_by_bucket(connection: AsyncConnection, tsg_id: str, span: Window) -> list[tuple[int, int, int]]:
    """`(bucket, severity mask, rows)`."""
    row = ScanLogRow
    bucket = _bucket(span)
    query = (
        select(bucket, row.severities, func.count()).where(*_threats(tsg_id, span)).group_by(bucket, row.severities)
    )  # fmt: skip
    return [(number, mask, rows) for number, mask, rows in (await connection.execute(query)).all()]


async def token_sum(connection: AsyncConnection, tsg_id: str, span: Window, app: App) -> int:
    return int(await connection.scalar(select(func.sum(ScanLogRow.tokens)).where(*_scanned(tsg_id, span, app))) or 0)


async def application(connection: AsyncConnection, tsg_id: str, span: Window, app: App) -> AppFigures | None:
    row = ScanLogRow
    query = select(func.min(row.received_us), func.max(row.received_us), _SESSIONS, _VIOLATING).where(
        *_scanned(tsg_id, span, app)
    )
    found = (await connection.execute(query)).one()
    return AppFigures(app, *found) if found[0] is not None else None


async def profiles_used(connection: AsyncConnection, tsg_id: str, span: Window, app: App) -> list[str]:
    row = ScanLogRow
    query = select(row.profile_name).where(*_scanned(tsg_id, span, app), row.profile_name != "").distinct()
    return sorted((await connection.scalars(query)).all())


async def last_session(connection: AsyncConnection, tsg_id: str, span: Window, app: App) -> str | None:
    row = ScanLogRow
    query = (
        select(row.session_id).where(*_scanned(tsg_id, span, app)).order_by(row.received_us.desc(), row.log_id.desc()).limit(1)
    )
    found: str | None = await connection.scalar(query)
    return found


async def newest_sessions(
    connection: AsyncConnection, tsg_id: str, span: Window, *, offset: int, limit: int
) -> list[SessionFigures]:
    """By their last activity. A session is found at its newest row, so that a page does not group the whole log."""
    row, later = ScanLogRow, aliased(ScanLogRow)
    superseded = (
        select(later.log_id)
        .where(
            later.tsg_id == tsg_id,
            later.session_id == row.session_id,
            later.received_us < span.until_us,
            or_(later.received_us > row.received_us, and_(later.received_us == row.received_us, later.log_id > row.log_id)),
            later.application_id == row.application_id,
            later.app_name == row.app_name,
            later.category != "rejected",
        )
        .exists()
    )
    query = (
        select(row.application_id, row.app_name, row.session_id, row.received_us)
        .where(*_scanned(tsg_id, span), ~superseded)
        .order_by(row.received_us.desc(), row.log_id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [SessionFigures((found[0], found[1]), found[2], found[3]) for found in (await connection.execute(query)).all()]


async def count_sessions(connection: AsyncConnection, tsg_id: str, span: Window) -> int:
    row = ScanLogRow
    each = select(row.session_id, row.application_id, row.app_name).where(*_scanned(tsg_id, span)).distinct().subquery()
    return int(await connection.scalar(select(func.count()).select_from(each)) or 0)


async def severities_of_sessions(
    connection: AsyncConnection, tsg_id: str, span: Window, session_ids: Sequence[str]
) -> list[tuple[App, str, int, int]]:
    """`(application, session id, severity mask, rows)` of the rows that violate."""
    if not session_ids:
        return []
    row = ScanLogRow
    columns: tuple[Any, ...] = (row.application_id, row.app_name, row.session_id, row.severities)
    query = (
        select(*columns, func.count())
        .where(*_threats(tsg_id, span), row.session_id.in_(session_ids))
        .group_by(*columns)
    )  # fmt: skip
    return [((found[0], found[1]), found[2], found[3], found[4]) for found in (await connection.execute(query)).all()]


async def session(connection: AsyncConnection, tsg_id: str, span: Window, app: App, session_id: str) -> tuple[int, int, int, int]:
    """`(rows, rows that violate, first, last)`, the last two in microseconds since 1970 and 0 where there are no rows."""
    row = ScanLogRow
    query = select(
        func.count(),
        func.sum(case((row.category == MALICIOUS, 1), else_=0)),
        func.min(row.received_us),
        func.max(row.received_us),
    ).where(*in_window(tsg_id, span.since_us, span.until_us), *of_session(app, session_id))
    found = (await connection.execute(query)).one()
    return int(found[0]), int(found[1] or 0), int(found[2] or 0), int(found[3] or 0)
