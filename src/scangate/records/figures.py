"""The queries that dashboards are drawn from: counts over the scan log by application, session, time and severity.

Severities are counted by their mask (`verdict_bits`): there are few different ones, so the database groups and Python unpacks.
A session is a session id within one application and one `app_name`; refused requests belong to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from scangate.records.repository import in_window, of_session
from scangate.records.tables import ScanLogRow
from scangate.records.windows import Window

App = tuple[str, str]
"""Application id and `app_name`: what dashboards call an application."""
MALICIOUS: Final = "malicious"
_LONG_DAYS: Final = 7
_SESSIONS_AT_ONCE: Final = 50
"""Each is a probe of the index; SQLite nests a thousand terms at most."""


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
    """What was scanned in the window.

    A window of days is read out of the index by session, which holds all that is counted, from end to end: that is quicker than
    looking up rows one by one. `+ 0` says so to the planners of both databases; a shorter window goes by the index by time.
    """
    row = ScanLogRow
    of_app = (row.application_id == app[0], row.app_name == app[1]) if app else ()
    if span.days < _LONG_DAYS:
        return *in_window(tsg_id, span.since_us, span.until_us), row.category != "rejected", *of_app
    moment = row.received_us + 0
    return row.tsg_id == tsg_id, moment >= span.since_us, moment < span.until_us, row.category != "rejected", *of_app


def _each_session(tsg_id: str, span: Window, app: App | None = None) -> Any:
    """A row per session and application; grouped in the order of the index by session, so that nothing is sorted."""
    row = ScanLogRow
    return (
        select(
            row.application_id,
            row.app_name,
            func.min(row.received_us).label("first_us"),
            func.max(row.received_us).label("last_us"),
            func.max(case((row.category == MALICIOUS, 1), else_=0)).label("violating"),
        )
        .where(*_scanned(tsg_id, span, app))
        .group_by(row.application_id, row.app_name, row.session_id)
        .subquery()
    )


def _threats(tsg_id: str, span: Window, app: App | None = None) -> tuple[ColumnElement[bool], ...]:
    """What a severity mask can be different from 0 for; there is an index by category."""
    row = ScanLogRow
    of_app = (row.application_id == app[0], row.app_name == app[1]) if app else ()
    return *in_window(tsg_id, span.since_us, span.until_us), row.category == MALICIOUS, *of_app


def _bucket(span: Window) -> ColumnElement[int]:
    return ((ScanLogRow.received_us - span.since_us) // span.bucket_us).label("bucket")


async def applications(connection: AsyncConnection, tsg_id: str, span: Window) -> list[AppFigures]:
    """By name."""
    each = _each_session(tsg_id, span)
    query = (
        select(
            each.c.application_id, each.c.app_name,
            func.min(each.c.first_us), func.max(each.c.last_us), func.count(), func.sum(each.c.violating),
        )
        .group_by(each.c.application_id, each.c.app_name)
        .order_by(each.c.app_name, each.c.application_id)
    )  # fmt: skip
    rows = (await connection.execute(query)).all()
    return [AppFigures((found[0], found[1]), found[2], found[3], found[4], int(found[5])) for found in rows]


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
    each = _each_bucket(tsg_id, span, tuple_(row.application_id, row.app_name).in_(apps))
    query = select(each.c.application_id, each.c.app_name, each.c.bucket, func.count(), func.sum(each.c.violating)).group_by(
        each.c.application_id, each.c.app_name, each.c.bucket
    )
    found: dict[App, dict[int, tuple[int, int]]] = {}
    for application_id, name, number, total, violating in (await connection.execute(query)).all():
        found.setdefault((application_id, name), {})[number] = total, int(violating)
    return found


def _each_bucket(tsg_id: str, span: Window, *conditions: ColumnElement[bool]) -> Any:
    """A row per session, application and bucket."""
    row = ScanLogRow
    bucket = _bucket(span)
    violating = func.max(case((row.category == MALICIOUS, 1), else_=0)).label("violating")
    return (
        select(row.application_id, row.app_name, bucket, violating)
        .where(*_scanned(tsg_id, span), *conditions)
        .group_by(row.application_id, row.app_name, row.session_id, bucket)
        .subquery()
    )


async def sessions_chart(connection: AsyncConnection, tsg_id: str, span: Window) -> dict[int, tuple[int, int]]:
    """`{bucket: (sessions, violating sessions)}`."""
    each = _each_bucket(tsg_id, span)
    query = select(each.c.bucket, func.count(), func.sum(each.c.violating)).group_by(each.c.bucket)
    return {number: (total, int(violating)) for number, total, violating in (await connection.execute(query)).all()}


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
    each = _each_session(tsg_id, span, app)
    query = select(func.min(each.c.first_us), func.max(each.c.last_us), func.count(), func.sum(each.c.violating))
    first_us, last_us, sessions, violating = (await connection.execute(query)).one()
    return AppFigures(app, first_us, last_us, sessions, int(violating)) if first_us is not None else None


async def profiles_used(connection: AsyncConnection, tsg_id: str, span: Window, app: App) -> list[str]:
    row = ScanLogRow
    query = select(row.profile_name).where(*_scanned(tsg_id, span, app), row.profile_name != "").distinct()
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
        .where(*in_window(tsg_id, span.since_us, span.until_us), row.category != "rejected", ~superseded)
        .order_by(row.received_us.desc(), row.log_id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [SessionFigures((found[0], found[1]), found[2], found[3]) for found in (await connection.execute(query)).all()]


async def count_sessions(connection: AsyncConnection, tsg_id: str, span: Window) -> int:
    return int(await connection.scalar(select(func.count()).select_from(_each_session(tsg_id, span))) or 0)


async def severities_of_sessions(
    connection: AsyncConnection, tsg_id: str, span: Window, sessions: Sequence[SessionFigures]
) -> list[tuple[App, str, int, int]]:
    """`(application, session id, severity mask, rows)` of the rows that violate."""
    row = ScanLogRow
    columns: tuple[Any, ...] = (row.application_id, row.app_name, row.session_id, row.severities)
    found: list[tuple[App, str, int, int]] = []
    for start in range(0, len(sessions), _SESSIONS_AT_ONCE):
        some = sessions[start : start + _SESSIONS_AT_ONCE]
        query = select(*columns, func.count()).where(
            # the tenant stands in every term: where it stands outside, SQLite reads all of the tenant's rows
            or_(*(and_(row.tsg_id == tsg_id, *of_session(one.app, one.session_id)) for one in some)),
            row.received_us + 0 >= span.since_us,
            row.received_us + 0 < span.until_us,
            row.severities != 0,
        )
        rows = (await connection.execute(query.group_by(*columns))).all()
        found += [((one[0], one[1]), one[2], one[3], one[4]) for one in rows]
    return found


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
